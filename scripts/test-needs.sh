#!/usr/bin/env bash
# Makes sure that the programs the tests start are on this machine. On Debian and Ubuntu it installs what is missing;
# elsewhere it says what to install and fails. Silent when nothing is missing.
set -euo pipefail

# any of these commands | a variable that names one instead | apt package | Homebrew package
needs=(
  'chromium google-chrome-stable google-chrome chromium-browser|CHROMIUM_PATH|chromium|--cask chromium'
  'redis-server|REDIS_SERVER_PATH|redis-server|redis'
  'nats-server|NATS_SERVER_PATH|nats-server|nats-server'
)

is_there() { # commands, variable
  local command path="${!2:-}"
  if [[ -n $path ]]; then
    [[ -x $path ]] && return 0
    echo "test-needs: $2 is set to $path, which is no program" >&2
    exit 1
  fi
  for command in $1; do
    type -P "$command" >/dev/null && return 0
  done
  return 1
}

missing=()
packages=()
for need in "${needs[@]}"; do
  IFS='|' read -r commands variable package _ <<<"$need"
  is_there "$commands" "$variable" && continue
  missing+=("$need")
  packages+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

give_up() {
  local need commands variable package brew
  echo "test-needs: $1. The tests need:" >&2
  for need in "${missing[@]}"; do
    IFS='|' read -r commands variable package brew <<<"$need"
    echo "  ${commands%% *}" >&2
    echo "    Debian, Ubuntu: apt-get install $package" >&2
    echo "    macOS:          brew install $brew" >&2
    echo "    elsewhere:      $variable=/path/to/it npm test" >&2
  done
  echo '  With Docker, nothing else is needed:' >&2
  echo '    docker run --rm -v "$PWD":/fanfare -w /fanfare node:20 bash -c "npm ci && npm test"' >&2
  exit 1
}

type -P apt-get >/dev/null || give_up 'this machine has no apt-get'
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  type -P sudo >/dev/null || give_up 'installing needs root, and there is no sudo'
  sudo -n true 2>/dev/null || [[ -t 0 ]] || give_up 'sudo asks for a password, and there is nobody to type it'
  as_root=(sudo)
fi

echo "test-needs: installing ${packages[*]} with apt-get" >&2
install() {
  # "env" works with and without sudo in front of it.
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null >&2
}
install -qq update || echo 'test-needs: the package lists could not be refreshed; trying with the old ones' >&2
install -qq install -y --no-install-recommends "${packages[@]}" || give_up 'apt-get failed'

for need in "${missing[@]}"; do
  IFS='|' read -r commands variable package _ <<<"$need"
  # The tests start servers of their own; under systemd, Debian's packages start one as well.
  if [[ $package == *-server && -d /run/systemd/system ]]; then
    echo "test-needs: the tests do not need the service: systemctl disable --now $package" >&2
  fi
  is_there "$commands" "$variable" || give_up "the package was installed, but there is no ${commands%% *}"
done
