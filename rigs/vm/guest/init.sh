#!/bin/busybox sh
# The first program of the virtual machine: mounts the host's tree under an overlay and makes it the root of the agent.
# /rig.conf sets MODULES (the kernel's folder on the host), VERSION, and WITHOUT (modules that must not load).
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
. /rig.conf

fail() {
  echo "rig: $*" >/dev/console
  poweroff -f
}

for module in $(cat /order); do
  insmod "/modules/$module" || fail "the module $module does not load"
done

mkdir -p /host /rw /new
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose host /host || fail "the host's tree is not there"
mount -t tmpfs -o size=75% rw /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work root /new || fail "no overlay"

mount --move /proc /new/proc
mount --move /sys /new/sys
mount --move /dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 pts /new/dev/pts
mount -t tmpfs shm /new/dev/shm
# Opening these loads their modules.
mkdir -p /new/dev/net
mknod -m 666 /new/dev/net/tun c 10 200
mknod -m 600 /new/dev/vhci c 10 137
ln -sf /proc/self/fd /new/dev/fd
ln -sf fd/0 /new/dev/stdin
ln -sf fd/1 /new/dev/stdout
ln -sf fd/2 /new/dev/stderr
mount -t tmpfs -o mode=755 run /new/run
mkdir -p /new/run/lock /new/run/netns /new/run/rig/results
[ -n "$TMP" ] && mount -t tmpfs -o mode=1777 tmp /new/tmp
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none results /new/run/rig/results || fail "no share for results"

mkdir -p "/new/lib/modules/$VERSION"
mount --bind "/host$MODULES/lib/modules/$VERSION" "/new/lib/modules/$VERSION"
mkdir -p /new/etc/modprobe.d
for module in $WITHOUT; do
  echo "blacklist $module"
  echo "install $module /bin/false"
done >/new/etc/modprobe.d/rig-without.conf
hostname rig

cp /agent /new/run/rig/agent
exec switch_root /new /run/rig/agent </new/dev/null
