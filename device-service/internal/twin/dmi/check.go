package dmi

import (
	"errors"
	"fmt"
	"strings"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
)

const (
	defaultNamespace = "default"
	maxDevices       = 10_000
	maxName          = 253 // of Kubernetes
)

// idOf is the id that a name and a namespace make.
func idOf(kind, namespace, name string) (ID, error) {
	if namespace == "" {
		namespace = defaultNamespace
	}
	if name == "" {
		return ID{}, fmt.Errorf("%s: metadata.name is missing", kind)
	}
	for _, s := range []string{namespace, name} {
		if len(s) > maxName || strings.ContainsAny(s, "/+#\x00 \n") {
			return ID{}, fmt.Errorf("%s %.100q: %.100q is no name of Kubernetes", kind, namespace+"/"+name, s)
		}
	}
	return ID{namespace, name}, nil
}

// checkDevice finds what keeps a device from being taken at all. Its model is
// not needed for that.
func checkDevice(d *pb.Device, protocol string) error {
	spec := d.GetSpec()
	if spec == nil {
		return errors.New("spec is missing")
	}
	if name := spec.GetProtocol().GetProtocolName(); name != protocol {
		return fmt.Errorf("spec.protocol: protocol %q is not that of this mapper, which is %s", name, protocol)
	}
	if spec.GetDeviceModelReference() == "" {
		return errors.New("spec.deviceModelRef.name is missing")
	}
	_, err := deviceObject(d)
	return err
}
