#!/bin/sh
# Runs a command under a service manager of its own, and ends all of it: `systemctl --user` and `systemd-run --user` speak to
# that one alone. The manager has namespaces for processes and mounts, and control groups below this process's. Takes root.
set -u

if [ "${1-}" = inside ]; then
  shift
  mount -t tmpfs tmpfs /run || exit 125
  # The manager looks for it: "booted with systemd".
  mkdir -p /run/systemd/system /run/user/0 /run/home && chmod 700 /run/user/0
  export XDG_RUNTIME_DIR=/run/user/0 HOME=/run/home
  unset DBUS_SESSION_BUS_ADDRESS NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
  manager=/lib/systemd/systemd
  [ -x "$manager" ] || manager=/usr/lib/systemd/systemd
  "$manager" --user --unit=basic.target --log-target=console >/run/log 2>&1 &
  turn=0
  until systemctl --user is-system-running 2>/dev/null | grep -q -e running -e degraded; do
    turn=$((turn + 1))
    if [ $turn -gt 100 ]; then
      echo 'the service manager does not come up:' >&2
      cat /run/log >&2
      exit 125
    fi
    sleep 0.1
  done
  "$@"
  exit
fi

# A group of the hierarchies that systemd uses: `1:name=systemd:/path` and `0::/path`.
made=
enter() {
  [ -d "$1$2" ] || return 0
  group="$1${2%/}/sockeye-spec-$$"
  mkdir "$group" 2>/dev/null || return 0
  made="$made $group"
  echo $$ >"$group/cgroup.procs"
}
named=$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup)
unified=$(sed -n 's/^0:://p' /proc/self/cgroup)
[ -n "$named" ] && enter /sys/fs/cgroup/systemd "$named"
if [ -d /sys/fs/cgroup/unified ]; then enter /sys/fs/cgroup/unified "$unified"; else enter /sys/fs/cgroup "$unified"; fi

unshare --mount --pid --fork --mount-proc --kill-child sh "$0" inside "$@"
status=$?

for group in $made; do
  echo $$ >"${group%/*}/cgroup.procs"
  # The last processes may still be on their way out.
  for turn in 1 2 3 4 5 6 7 8 9 10; do
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
    [ -d "$group" ] || break
    sleep 0.1
  done
done
exit $status
