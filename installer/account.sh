# shellcheck shell=bash
# The account that the guard runs as: made by installer/run and by the Debian package, taken away by its purge.

account=madoguchi
account_home=/var/lib/madoguchi

say() { printf '\n==> %s\n' "$*"; }

# The account the guard runs as when root starts it; a user of their own needs none.
make_account() {
  if [[ $EUID -ne 0 ]]; then return; fi
  if ! getent passwd "$account" >/dev/null; then
    say "Account $account: making it (system account, no login)"
    useradd --system --create-home --home-dir "$account_home" --shell /usr/sbin/nologin "$account"
    chmod 0700 "$account_home"
  fi
  # The loudspeaker belongs to this group; a desktop lends it to the person who is logged in only.
  if [[ " $(id -nG "$account") " != *" audio "* ]]; then
    say "Account $account: adding it to the group audio"
    usermod --append --groups audio "$account"
  fi
}

# With the account go its journal, its staff book and its keyrings: there is no way back.
remove_account() {
  if getent passwd "$account" >/dev/null; then
    say "Account $account: removing it with all it kept"
    if [[ -d /run/systemd/system ]]; then # whom processes belong to cannot be removed
      systemctl stop "user-$(id -u "$account").slice"
    fi
    userdel "$account"
  fi
  rm -rf -- "$account_home" /run/madoguchi-guard
}
