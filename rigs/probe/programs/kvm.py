"""Makes a virtual machine with /dev/kvm, without a processor, and gives it up; linux/kvm.h."""
import fcntl
import os
import sys

KVM_GET_API_VERSION, KVM_CREATE_VM = 0xAE00, 0xAE01

try:
    kvm = os.open('/dev/kvm', os.O_RDWR | os.O_CLOEXEC)
    version = fcntl.ioctl(kvm, KVM_GET_API_VERSION, 0)
    os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
except OSError as error:
    sys.exit(f'/dev/kvm: {error.strerror}')
print(f'KVM_CREATE_VM of API {version} gave a machine')
