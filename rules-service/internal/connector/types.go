package connector

// Types are the types of the properties of KubeEdge's devices, from their
// models. Its shape is that of codec.Types.
type Types interface {
	// Properties are the types of a device's properties by their names, both in
	// the words of KubeEdge and in lower case; nil: the device is not known.
	Properties(namespace, device string) map[string]string
}
