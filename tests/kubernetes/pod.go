package kubernetes

// Pod is the specification of pods.
type Pod struct {
	HostNetwork     bool              `yaml:"hostNetwork"`
	DNSPolicy       string            `yaml:"dnsPolicy"`
	NodeSelector    map[string]string `yaml:"nodeSelector"`
	Tolerations     []Toleration      `yaml:"tolerations"`
	SecurityContext SecurityContext   `yaml:"securityContext"`
	InitContainers  []Container       `yaml:"initContainers"`
	Containers      []Container       `yaml:"containers"`
	Volumes         []Volume          `yaml:"volumes"`
}

// Toleration is of a taint of a node.
type Toleration struct {
	Key      string `yaml:"key"`
	Operator string `yaml:"operator"`
	Effect   string `yaml:"effect"`
}

// SecurityContext is that of a pod or a container.
type SecurityContext struct {
	RunAsNonRoot             *bool `yaml:"runAsNonRoot"`
	RunAsUser                *int  `yaml:"runAsUser"`
	ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
	AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
	Privileged               bool  `yaml:"privileged"`
	Capabilities             struct {
		Drop []string `yaml:"drop"`
		Add  []string `yaml:"add"`
	} `yaml:"capabilities"`
}

// Container is one of a pod.
type Container struct {
	Name            string          `yaml:"name"`
	Image           string          `yaml:"image"`
	Args            []string        `yaml:"args"`
	Env             []Variable      `yaml:"env"`
	Ports           []ContainerPort `yaml:"ports"`
	VolumeMounts    []Mount         `yaml:"volumeMounts"`
	SecurityContext SecurityContext `yaml:"securityContext"`
	StartupProbe    Probe           `yaml:"startupProbe"`
	ReadinessProbe  Probe           `yaml:"readinessProbe"`
	LivenessProbe   Probe           `yaml:"livenessProbe"`
	Resources       struct {
		Limits map[string]string `yaml:"limits"`
	} `yaml:"resources"`
}

// ContainerPort has a name, by which probes and Services know it.
type ContainerPort struct {
	Name          string `yaml:"name"`
	ContainerPort int    `yaml:"containerPort"`
}

// Variable is one of a container's environment.
type Variable struct {
	Name      string `yaml:"name"`
	Value     string `yaml:"value"`
	ValueFrom struct {
		FieldRef struct {
			FieldPath string `yaml:"fieldPath"`
		} `yaml:"fieldRef"`
	} `yaml:"valueFrom"`
}

// Mount is where a volume is in a container.
type Mount struct {
	Name      string `yaml:"name"`
	MountPath string `yaml:"mountPath"`
	SubPath   string `yaml:"subPath"`
	ReadOnly  bool   `yaml:"readOnly"`
}

// Probe asks a container how it is.
type Probe struct {
	HTTPGet struct {
		Path   string `yaml:"path"`
		Port   string `yaml:"port"`
		Scheme string `yaml:"scheme"`
	} `yaml:"httpGet"`
	TCPSocket struct {
		Port string `yaml:"port"`
	} `yaml:"tcpSocket"`
}

// Volume is one of a pod.
type Volume struct {
	Name      string           `yaml:"name"`
	ConfigMap *ConfigMapVolume `yaml:"configMap"`
	Projected struct {
		Sources []struct {
			ConfigMap ConfigMapVolume `yaml:"configMap"`
		} `yaml:"sources"`
	} `yaml:"projected"`
	HostPath struct {
		Path string `yaml:"path"`
	} `yaml:"hostPath"`
}

// ConfigMapVolume has the keys of a ConfigMap as files.
type ConfigMapVolume struct {
	Name  string `yaml:"name"`
	Items []struct {
		Key  string `yaml:"key"`
		Path string `yaml:"path"`
	} `yaml:"items"`
}
