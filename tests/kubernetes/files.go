package kubernetes

import (
	"fmt"
	"maps"
	"path"
	"strings"
)

// Set is what is applied together.
type Set []Manifest

// ConfigMap finds one by its name.
func (s Set) ConfigMap(name string) (Manifest, bool) {
	for _, m := range s {
		if m.Kind == "ConfigMap" && m.Metadata.Name == name {
			return m, true
		}
	}
	return Manifest{}, false
}

// Files are those that a container finds in its mounts of ConfigMaps, by their
// paths. Names of ConfigMaps that the set does not have are returned as well.
func (s Set) Files(pod Pod, c Container) (files map[string]string, missing []string, err error) {
	files = map[string]string{}
	for _, mount := range c.VolumeMounts {
		volume, ok := pod.volume(mount.Name)
		if !ok {
			continue // of a claim
		}
		for _, from := range volume.configMaps() {
			m, ok := s.ConfigMap(from.Name)
			if !ok {
				missing = append(missing, from.Name)
				continue
			}
			found, err := from.files(m)
			if err != nil {
				return nil, nil, fmt.Errorf("volume %s: %w", volume.Name, err)
			}
			for name, text := range found {
				files[path.Join(mount.MountPath, name)] = text
			}
		}
	}
	return files, missing, nil
}

func (p Pod) volume(name string) (Volume, bool) {
	for _, v := range p.Volumes {
		if v.Name == name {
			return v, true
		}
	}
	return Volume{}, false
}

func (v Volume) configMaps() (list []ConfigMapVolume) {
	if v.ConfigMap != nil {
		list = append(list, *v.ConfigMap)
	}
	for _, source := range v.Projected.Sources {
		if source.ConfigMap.Name != "" {
			list = append(list, source.ConfigMap)
		}
	}
	return list
}

// files are those of the volume, by their paths in it.
func (v ConfigMapVolume) files(m Manifest) (map[string]string, error) {
	if len(v.Items) == 0 {
		return maps.Clone(m.Data), nil
	}
	files := map[string]string{}
	for _, item := range v.Items {
		text, ok := m.Data[item.Key]
		if !ok {
			return nil, fmt.Errorf("the ConfigMap %s has no key %s", m.Metadata.Name, item.Key)
		}
		files[item.Path] = text
	}
	return files, nil
}

// Mounted tells whether a path is in a mount of the container, and whether it
// can be written there.
func (c Container) Mounted(file string) (mounted, writable bool) {
	longest := -1
	for _, m := range c.VolumeMounts {
		if len(m.MountPath) > longest && (file == m.MountPath || strings.HasPrefix(file, m.MountPath+"/")) {
			longest, mounted, writable = len(m.MountPath), true, !m.ReadOnly
		}
	}
	return mounted, writable
}

// Port is the number of a named port; 0: there is none.
func (c Container) Port(name string) int {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	return 0
}
