
# The counters whose guard is run by a user's systemd: stopped before the files under it change, started again after.
unit=madoguchi-guard.service
stopped=/run/madoguchi-guard-stopped

# counters VERB: of every user who is logged in
counters() {
  local folder user
  for folder in /run/user/*; do
    if [[ ! -S $folder/systemd/private ]]; then continue; fi
    user=$(stat -c %U "$folder")
    if [[ $1 == stop ]]; then
      # Also one that waits to be started again would come back in the middle.
      if [[ $(as_user "$user" "$folder" is-active "$unit") != inactive ]]; then
        say "Stopping the guard of $user"
        as_user "$user" "$folder" stop "$unit"
        printf '%s\n' "$user" >>"$stopped"
      fi
    else
      as_user "$user" "$folder" daemon-reload
      if grep -qxsF -- "$user" "$stopped"; then
        say "Starting the guard of $user"
        as_user "$user" "$folder" start --no-block "$unit"
      fi
    fi
  done
}

as_user() {
  setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups -- \
    env XDG_RUNTIME_DIR="$2" systemctl --user "${@:3}" || true
}
