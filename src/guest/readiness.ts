/** One thing that has to be true before the first step, as a script that ends when it is. */
export interface Wait {
  readonly name: string;
  /** Runs in the guest as the build user until the condition holds. */
  readonly script: string;
  readonly seconds: number;
  /** What to look at when it takes too long. */
  readonly hint: string;
}

/** How long a guest may take from power-on to the first log-in. Emulated guests on busy machines need minutes. */
export const LOGIN_WAIT: Omit<Wait, 'script'> = {
  name: 'SSH',
  seconds: 600,
  hint: 'The serial log and the screenshot show how far the guest came. Is cloud-init in the image, and does it look at a NoCloud volume?',
};

/** Package managers whose run blocks every other one. Daemons that only might are left out. */
const PACKAGE_TOOLS = 'apt|apt-get|dpkg|aptitude|dnf|dnf5|yum|zypper|rpm|unattended-upgr';

/** What is waited for after the first log-in, in this order. */
export const READINESS: readonly Wait[] = [
  {
    name: 'cloud-init',
    script:
      'if command -v cloud-init >/dev/null 2>&1 && [ ! -e /etc/cloud/cloud-init.disabled ]; then ' +
      'while [ ! -e /run/cloud-init/result.json ]; do sleep 0.2; done; fi',
    seconds: 600,
    hint: 'cloud-init did not finish: its log is /var/log/cloud-init-output.log in the guest.',
  },
  {
    name: 'package locks',
    script: `while :; do
  busy=
  for comm in /proc/[0-9]*/comm; do
    read -r name <"$comm" || continue
    case $name in ${PACKAGE_TOOLS})
      tr '\\0' ' ' <"\${comm%comm}cmdline" 2>/dev/null | grep -q unattended-upgrade-shutdown || busy=$name ;;
    esac
  done 2>/dev/null
  [ -n "$busy" ] || break
  sleep 0.5
done`,
    seconds: 900,
    hint: 'A package manager that the image starts by itself did not end. Disable automatic updates in the source image.',
  },
];
