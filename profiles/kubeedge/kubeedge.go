// Package kubeedge brings device models and devices of KubeEdge and OpenYurt
// to EdgeX and back. Read takes their files, Convert makes profiles, devices,
// streams and rules of them, Diff tells what that would change, and Export
// writes EdgeX's profiles and devices as KubeEdge's again. Nothing here writes
// to a service: each step returns what it found.
//
// A program reads, converts and compares; with an error among the findings of
// any step it must not go on, so that nothing is imported by half:
//
//	set, findings := kubeedge.Read(files...)
//	result, more := kubeedge.Convert(set, options)
//	changes := kubeedge.Diff(result, existing)
//	entries := kubeedge.Report(set, append(findings, more...), changes)
package kubeedge

// Set is what has been read of files.
type Set struct {
	Models  []Model
	Devices []Device
	// Profiles and Instances are those of OpenYurt, which are EdgeX's already.
	Profiles  []Profile
	Instances []Instance
	// Documents are all objects that were found, in their order.
	Documents []Document
}

// Place is where an object stands.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Document is an object in a file.
type Document struct {
	Place
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// defaultNamespace is that of objects which name none.
const defaultNamespace = "default"

// The versions of KubeEdge's device API.
const (
	V1Alpha1 = "v1alpha1"
	V1Alpha2 = "v1alpha2"
	V1Beta1  = "v1beta1"
)

const (
	group         = "devices.kubeedge.io"
	openYurtGroup = "iot.openyurt.io"
)

// The kinds of objects.
const (
	kindModel   = "DeviceModel"
	kindDevice  = "Device"
	kindStatus  = "DeviceStatus"
	kindProfile = "DeviceProfile"
)
