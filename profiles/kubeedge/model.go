package kubeedge

// Type is the type of a property, by the names of v1beta1.
type Type string

// The types of properties.
const (
	Int     Type = "INT"
	Float   Type = "FLOAT"
	Double  Type = "DOUBLE"
	String  Type = "STRING"
	Boolean Type = "BOOLEAN"
	Bytes   Type = "BYTES"
	Stream  Type = "STREAM"
)

// The access modes of properties.
const (
	readOnly  = "ReadOnly"
	readWrite = "ReadWrite"
)

// Head is what all objects have.
type Head struct {
	Namespace string            `json:"namespace,omitempty"` // empty: default
	Name      string            `json:"name,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	// Version is the version of the API that the object was written for.
	Version string `json:"version,omitempty"`
	// Rest has everything that has no field here, where it stood in the object.
	Rest  Free `json:"rest,omitempty"`
	Place `json:"-"`
}

// Model is a DeviceModel.
type Model struct {
	Head
	Protocol       string     `json:"protocol,omitempty"`
	ProtocolConfig Free       `json:"protocolConfigData,omitempty"`
	Properties     []Property `json:"properties,omitempty"`
}

// Property is a property of a model.
type Property struct {
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	Type        Type     `json:"type,omitempty"`
	Access      string   `json:"accessMode,omitempty"`
	Minimum     string   `json:"minimum,omitempty"`
	Maximum     string   `json:"maximum,omitempty"`
	Default     string   `json:"defaultValue,omitempty"`
	Unit        string   `json:"unit,omitempty"`
	Visitor     *Visitor `json:"visitors,omitempty"` // what devices take over unless they say otherwise
	// Rest has the keys that are not known.
	Rest Free `json:"rest,omitempty"`
	line int
}

// Visitor says where a property is at the device.
type Visitor struct {
	Protocol string `json:"protocolName,omitempty"`
	Config   Free   `json:"configData,omitempty"`
}

// Device is a device of a model.
type Device struct {
	Head
	Model string `json:"deviceModel,omitempty"`
	Node  string `json:"nodeName,omitempty"`
	// nodeless says that the device stands in the file of one node, which does
	// not name it.
	nodeless bool
	// Protocol says how the device is reached. The parts that earlier versions
	// had for it are flat in its Config, as in v1beta1.
	Protocol    Visitor   `json:"protocol,omitzero"`
	Settings    []Setting `json:"properties,omitempty"`
	Methods     []Method  `json:"methods,omitempty"`
	DataTopic   string    `json:"dataTopic,omitempty"`
	StateReport Free      `json:"stateReport,omitempty"`
}

// Setting is what a device says about a property of its model.
type Setting struct {
	Name          string   `json:"name,omitempty"`
	Visitor       *Visitor `json:"visitors,omitempty"`
	CollectCycle  *int64   `json:"collectCycle,omitempty"` // in the unit of its version
	ReportCycle   *int64   `json:"reportCycle,omitempty"`
	ReportToCloud *bool    `json:"reportToCloud,omitempty"`
	Desired       *Twin    `json:"desired,omitempty"`
	Reported      *Twin    `json:"reported,omitempty"`
	Observed      *Twin    `json:"observedDesired,omitempty"`
	Push          Free     `json:"pushMethod,omitempty"`
	Customized    Free     `json:"customizedValues,omitempty"`
	// Data has the metadata of a property that is published as a time series.
	Data *Metadata `json:"data,omitempty"`
	Rest Free      `json:"rest,omitempty"`
	line int
}

// Free is what KubeEdge has no schema for, as a tree.
type Free map[string]any

// UnmarshalJSON keeps whole numbers whole.
func (f *Free) UnmarshalJSON(text []byte) error {
	list, err := jsonNodes(text)
	if err != nil {
		return err
	}
	v, err := plain(list[0]) // the decoder has found one value
	if err != nil {
		return err
	}
	*f, _ = v.(map[string]any)
	return nil
}

// Metadata stands beside a value, such as its type and time.
type Metadata map[string]string

// Twin is a value of a property as text.
type Twin struct {
	Value    string   `json:"value"`
	Metadata Metadata `json:"metadata,omitempty"`
}

// Method is a command over properties.
type Method struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Properties  []string `json:"propertyNames,omitempty"`
	Rest        Free     `json:"rest,omitempty"`
}

func (h *Head) namespace() string {
	if h.Namespace == "" {
		return defaultNamespace
	}
	return h.Namespace
}

// qualified is a name that is unique over all namespaces.
func (h *Head) qualified() string {
	if h.namespace() == defaultNamespace {
		return h.Name
	}
	return h.Namespace + "-" + h.Name
}

func (m *Model) property(name string) *Property {
	for i := range m.Properties {
		if m.Properties[i].Name == name {
			return &m.Properties[i]
		}
	}
	return nil
}

// setting finds what is said about a property, and begins it if nothing is.
func (d *Device) setting(name string) *Setting {
	if s := d.find(name); s != nil {
		return s
	}
	d.Settings = append(d.Settings, Setting{Name: name})
	return &d.Settings[len(d.Settings)-1]
}

func (d *Device) find(name string) *Setting {
	for i := range d.Settings {
		if d.Settings[i].Name == name {
			return &d.Settings[i]
		}
	}
	return nil
}
