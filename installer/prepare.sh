# shellcheck shell=bash
# What installer/run and installer/test share: bring this Debian 12 to where .venv/bin/guard works.
# Sourced with the checkout as the working folder; installs only what is missing.
# shellcheck disable=SC2034 # the package lists are used there

# shellcheck source=installer/account.sh
source installer/account.sh

# What the guard itself needs: the Debian package depends on these.
packages_of_the_guard=(
  ca-certificates python3 libpcsclite1
  libegl1 libgl1 libasound2 libnss3 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-randr0
  libxcb-xkb1 libxkbcommon-x11-0 libxcomposite1 libxdamage1 libxrandr2 libxtst6 libxkbfile1 libdbus-1-3
  libcups2 libfontconfig1 libglib2.0-0 libgssapi-krb5-2 libgbm1 libx11-xcb1
  fonts-noto-cjk alsa-utils bubblewrap util-linux pcscd
  dbus-daemon gnome-keyring
)
packages_to_practise=(vsmartcard-vpcd xvfb)
packages_to_build=(python3-venv python3-dev gcc libc6-dev libpcsclite-dev)
packages_to_run=("${packages_of_the_guard[@]}" "${packages_to_practise[@]}" "${packages_to_build[@]}")
packages_to_test=(
  openbox x11-xserver-utils libx11-dev libxext-dev poppler-utils msitools gcab cups-client cups-daemon chromium openssl
  rsyslog rsyslog-gnutls rsyslog-openssl systemd # what the journal is forwarded to
)
packages_of_the_lab=(debootstrap curl xz-utils python3-venv) # the Windows lab brings the rest itself

refuse() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

# as_root COMMAND…: through sudo unless we are root; proxies and apt's settings survive.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    command -v sudo >/dev/null || refuse "root or sudo is needed to install packages"
    sudo --preserve-env=http_proxy,https_proxy,no_proxy,HTTP_PROXY,HTTPS_PROXY,NO_PROXY,APT_CONFIG,DEBIAN_FRONTEND "$@"
  fi
}

# as_account COMMAND…: as the unprivileged account if we are root, otherwise as ourselves.
as_account() { .venv/bin/python -P -m guard.account -- "$@"; }

install_packages() {
  command -v apt-get >/dev/null || refuse "this is no Debian (apt-get is missing); Debian 12 is supported"
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "Debian packages: all there"
    return
  fi
  say "Debian packages to install: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get -q -o DPkg::Lock::Timeout=300 update
  as_root apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}"
}

# The distribution's Python only: one from a home folder cannot be read by the account.
make_venv() {
  local extras=$1 stamp
  /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    refuse "/usr/bin/python3 is older than 3.11; Debian 12 or newer is needed"
  stamp=$({ printf '%s\n' "$PWD" && /usr/bin/python3 --version && cat pyproject.toml; } | sha256sum)
  if [[ -e .venv/installed$extras && $(<".venv/installed$extras") == "$stamp" ]]; then
    say "Python environment .venv: up to date"
    return
  fi
  say "Python environment .venv: installing (about 300 MB to download the first time)"
  [[ -x .venv/bin/python ]] || /usr/bin/python3 -m venv .venv
  PIP_ROOT_USER_ACTION=ignore .venv/bin/python -m pip install -e ".$extras"
  printf '%s\n' "$stamp" >".venv/installed$extras"
}

# Every browser, curtain and check of a PIN is a new process, and the account may not keep what Python compiles.
# By hash, not by time and size: what runs must be what code_hash tells of, whatever a roll-out does to times.
compile_guard() {
  .venv/bin/python -m compileall -q --invalidation-mode checked-hash guard ||
    say "The guard's modules cannot be compiled here: it starts slower"
}

# Only root may make the folder that X servers put their sockets into; a PC without a desktop has none.
make_display_folder() {
  [[ -d /tmp/.X11-unix ]] || as_root install -d -m 1777 /tmp/.X11-unix
}

start_reader_service() {
  if [[ -d /run/systemd/system ]] && ! systemctl is-active --quiet pcscd.socket; then
    say "Card reader service: starting"
    as_root systemctl enable --now pcscd.socket
  fi
}

# prepare EXTRAS PACKAGE…
prepare() {
  local extras=$1
  umask 022
  install_packages "${@:2}"
  make_venv "$extras"
  compile_guard
  make_account
  make_display_folder
}
