// Package kubernetes reads manifests of Kubernetes, KubeEdge and OpenYurt for the
// tests that compare them with the services they start.
package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Manifest is one document of a file, as far as the tests look at it.
type Manifest struct {
	File     string   `yaml:"-"`
	Kind     string   `yaml:"kind"`
	Metadata Metadata `yaml:"metadata"`

	Data map[string]string `yaml:"data"` // of a ConfigMap
	Spec Spec              `yaml:"spec"`
}

// Metadata names an object.
type Metadata struct {
	Name      string            `yaml:"name"`
	Namespace string            `yaml:"namespace"`
	Labels    map[string]string `yaml:"labels"`
}

// Spec is that of a workload, a Service or a NetworkPolicy.
type Spec struct {
	Selector         yaml.Node `yaml:"selector"`
	Ports            []Port    `yaml:"ports"`
	Template         Template  `yaml:"template"`
	WorkloadTemplate Templates `yaml:"workloadTemplate"` // of a UnitedDeployment
	Workload         struct {
		WorkloadTemplate Templates `yaml:"workloadTemplate"`
	} `yaml:"workload"` // of a YurtAppSet

	VolumeClaimTemplates []struct {
		Metadata Metadata `yaml:"metadata"`
	} `yaml:"volumeClaimTemplates"`
}

// Port is one of a Service.
type Port struct {
	Name       string `yaml:"name"`
	Port       int    `yaml:"port"`
	TargetPort string `yaml:"targetPort"`
}

// Templates are the workloads that OpenYurt makes in each pool.
type Templates struct {
	StatefulSetTemplate struct {
		Spec *Spec `yaml:"spec"`
	} `yaml:"statefulSetTemplate"`
}

// Template is that of a pod.
type Template struct {
	Metadata Metadata `yaml:"metadata"`
	Spec     Pod      `yaml:"spec"`
}

// Load reads the documents of files, in their order.
func Load(files ...string) (list []Manifest, err error) {
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		found, err := read(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for i := range found {
			found[i].File = file
		}
		list = append(list, found...)
	}
	return list, nil
}

func read(in io.Reader) (list []Manifest, err error) {
	for decoder := yaml.NewDecoder(in); ; {
		var m Manifest
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		case m.Kind != "":
			list = append(list, m)
		}
	}
}

// Workload is the part of a manifest that has pods; nil: it has none.
func (m Manifest) Workload() *Spec {
	switch m.Kind {
	case "DaemonSet", "StatefulSet":
		return &m.Spec
	case "YurtAppSet":
		return m.Spec.Workload.WorkloadTemplate.StatefulSetTemplate.Spec
	case "UnitedDeployment":
		return m.Spec.WorkloadTemplate.StatefulSetTemplate.Spec
	}
	return nil
}

// Labels that a selector asks for: matchLabels of a workload, or the selector of
// a Service as it stands.
func (s Spec) Labels() (map[string]string, error) {
	var long struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	if err := s.Selector.Decode(&long); err == nil && long.MatchLabels != nil {
		return long.MatchLabels, nil
	}
	var short map[string]string
	return short, s.Selector.Decode(&short)
}

// Service is the program of a container: the last part of the image's name.
func (c Container) Service() string {
	name, _, _ := strings.Cut(c.Image[strings.LastIndexByte(c.Image, '/')+1:], ":")
	return name
}
