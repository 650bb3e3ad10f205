/**
 * Makes the boot of any Linux faster where that is safe: what has no say in which hardware the image will run on, and what its
 * system would do by itself. Runs as root from standard input; can run again, and then finds nothing to do.
 *
 * - The boot menu of GRUB does not wait. The setting goes where updates of the kernel find it, and the menu is written by GRUB's own
 *   program. What comes out has to be a menu with no fewer entries, or everything is as it was before.
 * - Where systemd rebuilds caches in the first boot after `/usr` has changed, its own services do so now.
 *
 * An initial RAM disk for this machine alone, drivers left out, services switched off or a quieter console would be faster too, and
 * an image that does not start elsewhere, or does not say why.
 *
 * Lines of `done: ` and `left: ` say what happened.
 */
export const BOOT_SCRIPT = `set -u
PATH=$PATH:/usr/sbin:/sbin
changed() { echo "done: $*"; }
left() { echo "left: $*"; }

waits() {
  sed -n '/^### BEGIN .*00_header ###/,/^### END .*00_header ###/p' "$1" |
    grep '^[[:space:]]*set timeout=' | grep -qv '=0[[:space:]]*$'
}
entries() { grep -c -e '^[[:space:]]*menuentry ' -e '^[[:space:]]*blscfg' "$1"; }
menu() {
  mkconfig=$(command -v grub-mkconfig || command -v grub2-mkconfig) || { left 'boot menu: there is no GRUB'; return; }
  config=
  for file in /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg; do
    # Some are only a few lines that lead to another one.
    if [ -f "$file" ] && grep -q '^### BEGIN .*00_header ###' "$file"; then config=$file; break; fi
  done
  [ -n "$config" ] || { left 'boot menu: there is none that GRUB has written'; return; }
  waits "$config" || { left 'boot menu: it does not wait'; return; }
  kept=$(mktemp -d /var/tmp/kiln-boot.XXXXXX) || { left 'boot menu: there is no room for a copy of it'; return; }
  # A copy that is cut short would be worse than none.
  cp -p "$config" "$kept/menu" && cmp -s "$config" "$kept/menu" ||
    { rm -rf "$kept"; left 'boot menu: there is no room for a copy of it'; return; }
  if grep -q 'default/grub\\.d' "$mkconfig"; then
    setting=/etc/default/grub.d/99-no-boot-menu.cfg
    mkdir -p /etc/default/grub.d
  else
    setting=/etc/default/grub
  fi
  [ ! -e "$setting" ] || { cp -p "$setting" "$kept/setting" && cmp -s "$setting" "$kept/setting"; } ||
    { rm -rf "$kept"; left "boot menu: there is no room for a copy of $setting"; return; }
  if [ -s "$setting" ]; then
    sed -i -e '/^GRUB_TIMEOUT=/d' -e '/^GRUB_RECORDFAIL_TIMEOUT=/d' "$setting"
    # The last line may have no end.
    [ -z "$(tail -c 1 "$setting")" ] || echo >>"$setting"
  fi
  printf 'GRUB_TIMEOUT=0\\nGRUB_RECORDFAIL_TIMEOUT=0\\n' >>"$setting"
  if said=$("$mkconfig" -o "$config" 2>&1) && ! waits "$config" && [ "$(entries "$config")" -ge "$(entries "$kept/menu")" ]; then
    changed "boot menu: it does not wait any more ($setting)"
  else
    cat "$kept/menu" >"$config" && cmp -s "$config" "$kept/menu" || exit 9
    if [ -e "$kept/setting" ]; then cat "$kept/setting" >"$setting" || exit 9; else rm -f "$setting"; fi
    echo "$said"
    left 'boot menu: GRUB cannot write one that does not wait'
  fi
  rm -rf "$kept"
}

caches() {
  [ -d /run/systemd/system ] || { left 'caches: the guest does not run systemd'; return; }
  systemctl cat systemd-update-done.service >/dev/null 2>&1 ||
    { left 'caches: this system keeps them up to date when it installs packages'; return; }
  stale=
  for stamp in /etc/.updated /var/.updated; do
    if [ ! -e "$stamp" ] || [ /usr -nt "$stamp" ]; then stale=yes; fi
  done
  [ -n "$stale" ] || { left 'caches: up to date'; return; }
  # Each has conditions of its own, and the last one notes that all is done.
  for name in ldconfig systemd-hwdb-update systemd-journal-catalog-update systemd-sysusers systemd-update-done; do
    systemctl cat "$name.service" >/dev/null 2>&1 || continue
    systemctl restart "$name.service" || { left "caches: $name.service failed"; return; }
  done
  changed 'caches: rebuilt now, not in the first boot'
}

# What these run must not read what is left of this script.
menu </dev/null
caches </dev/null
sync
`;

/** What a line of the script's output says, if anything. */
export function reportOf(line: string): { readonly kind: 'done' | 'left'; readonly text: string } | undefined {
  const [, kind, text = ''] = /^(done|left): (.*)$/.exec(line) ?? [];
  return kind === 'done' || kind === 'left' ? { kind, text } : undefined;
}
