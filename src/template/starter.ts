import type { DistributeTarget } from '../distributors/targets.ts';

export interface StarterOptions {
  readonly name: string;
  readonly location: string;
  readonly source: { readonly publisher: string; readonly offer: string; readonly sku: string };
  readonly os: 'Linux' | 'Windows';
  readonly targets: readonly DistributeTarget['type'][];
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly gallery: string;
}

/** A template to begin with: it builds as it is, and its comments name what else can be said. JSON with comments. */
export function starterTemplate(options: StarterOptions): string {
  const { name, location, source, os, targets } = options;
  return `{
  // An image template of Azure VM Image Builder. It runs here and there; docs/template.md has every property.
  "type": "Microsoft.VirtualMachineImages/imageTemplates",
  "apiVersion": "2024-02-01",
  "name": ${quote(name)},
  "location": ${quote(location)},
  // On Azure: "UserAssigned", with the identity that may read the source and write the images.
  "identity": { "type": "None" },
  "properties": {
    // The limit for the whole build: 6 to 960 minutes.
    "buildTimeoutInMinutes": 60,
    // The build VM. "osDiskSizeGB" makes the disk larger than that of the source.
    "vmProfile": { "vmSize": "Standard_D2ds_v4" },
    // \`kiln source list\` shows what can be named. An image of yours: "ManagedImage" or "SharedImageVersion".
    "source": {
      "type": "PlatformImage",
      "publisher": ${quote(source.publisher)},
      "offer": ${quote(source.offer)},
      "sku": ${quote(source.sku)},
      "version": "latest"
    },
    // What is done to the build VM, in this order.
    "customize": [
${CUSTOMIZERS[os]}
    ],
    // What is tried on a second VM that starts from the finished image. A failure keeps it from being distributed.
    "validate": {
      "inVMValidations": [
${VALIDATORS[os]}
      ]
    },
    // Where the image goes. \`kiln runs show\` lists what came of it, by "runOutputName".
    "distribute": [
${targets.map((type, i) => indent(target(type, i, targets, options))).join(',\n')}
    ]
  }
}
`;
}

const CUSTOMIZERS: Readonly<Record<StarterOptions['os'], string>> = {
  Linux: `      {
        // The lines run as one script, as an ordinary user: root's work needs sudo. The first command that fails ends it.
        "type": "Shell",
        "name": "prepare",
        "inline": ["sudo mkdir -p /opt/app", "date --utc +%FT%TZ | sudo tee /opt/app/built-at"]
      }
      // A script of its own: { "type": "Shell", "name": "install", "scriptUri": "install.sh", "sha256Checksum": "..." }
      // A file: { "type": "File", "name": "settings", "sourceUri": "app.conf", "destination": "/tmp/app.conf" }`,
  Windows: `      {
        "type": "PowerShell",
        "name": "prepare",
        "runElevated": true,
        "inline": ["New-Item -Type Directory -Path C:\\\\App -Force"]
      },
      { "type": "WindowsUpdate", "name": "updates", "updateLimit": 20 },
      { "type": "WindowsRestart", "name": "restart" }`,
};

const VALIDATORS: Readonly<Record<StarterOptions['os'], string>> = {
  Linux: `        { "type": "Shell", "name": "isPrepared", "inline": ["test -s /opt/app/built-at"] }`,
  Windows: `        { "type": "PowerShell", "name": "isPrepared", "inline": ["if (-not (Test-Path C:\\\\App)) { exit 1 }"] }`,
};

function target(
  type: DistributeTarget['type'],
  index: number,
  all: StarterOptions['targets'],
  options: StarterOptions,
) {
  const { name, location, subscription, resourceGroup, gallery } = options;
  const runOutputName = all.indexOf(type) === index ? `${name}-${NAMES[type]}` : `${name}-${NAMES[type]}-${index + 1}`;
  const compute = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute`;
  switch (type) {
    case 'VHD':
      return { type, runOutputName };
    case 'ManagedImage':
      return { type, runOutputName, imageId: `${compute}/images/${name}`, location };
    case 'SharedImage': {
      const galleryImageId = `${compute}/galleries/${gallery}/images/${name}`;
      return { type, runOutputName, galleryImageId, targetRegions: [{ name: location }] };
    }
  }
}

const NAMES: Readonly<Record<DistributeTarget['type'], string>> = {
  VHD: 'vhd',
  ManagedImage: 'image',
  SharedImage: 'version',
};

function indent(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/^/gm, '      ');
}

function quote(text: string): string {
  return JSON.stringify(text);
}
