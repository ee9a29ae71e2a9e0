package kubernetes

import (
	"slices"
	"testing"
)

// No pod may do more than it needs to, and all of them say how they are.
func TestPodsAreConfined(t *testing.T) {
	eachContainer(t, func(t *testing.T, _ Set, m Manifest, pod Pod, c Container) {
		s := c.SecurityContext
		if !s.ReadOnlyRootFilesystem || s.Privileged || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			t.Errorf("security context %+v", s)
		}
		if !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) || len(s.Capabilities.Add) > 0 {
			t.Errorf("capabilities %+v", s.Capabilities)
		}
		root := pod.SecurityContext.RunAsNonRoot == nil || !*pod.SecurityContext.RunAsNonRoot
		if _, socket := c.Mounted("/etc/kubeedge/dmi.sock"); root != socket {
			t.Errorf("runs as root: %v, has the socket of edgecore, which root alone may use: %v", root, socket)
		}
		if c.Resources.Limits["memory"] == "" {
			t.Error("has no limit of memory")
		}
		for _, init := range pod.InitContainers {
			if !slices.Equal(init.SecurityContext.Capabilities.Drop, []string{"ALL"}) || !slices.Equal(init.SecurityContext.Capabilities.Add, []string{"CHOWN"}) {
				t.Errorf("%s: capabilities %+v", init.Name, init.SecurityContext.Capabilities)
			}
		}
		if pod.HostNetwork != (pod.DNSPolicy == "ClusterFirstWithHostNet") {
			t.Errorf("host network %v with DNS policy %s", pod.HostNetwork, pod.DNSPolicy)
		}
	})
}

// Pods of nodes that the cluster does not reach stay.
func TestPodsOutliveTheLinkToTheCloud(t *testing.T) {
	eachContainer(t, func(t *testing.T, s Set, m Manifest, pod Pod, _ Container) {
		if len(pod.Tolerations) == 0 && m.File == root+"/docker/helm/testdata/consul.golden.yaml" {
			return // its values ask for none
		}
		for _, key := range []string{"node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"} {
			if !slices.Contains(pod.Tolerations, Toleration{Key: key, Operator: "Exists", Effect: "NoExecute"}) {
				t.Errorf("does not tolerate %s", key)
			}
		}
	})
}

func TestProbesAskRoutesThatAreThere(t *testing.T) {
	routes := map[string][]string{
		"rules-service": {"/healthz", "/readyz", "/healthz"},
		"device-modbus": {"", "/api/v3/ping", ""},
		"device-opcua":  {"", "/api/v3/ping", ""},
	}
	eachContainer(t, func(t *testing.T, _ Set, _ Manifest, _ Pod, c Container) {
		for i, p := range []Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if p.HTTPGet.Path != routes[c.Service()][i] {
				t.Errorf("probe %d asks %q, want %q", i, p.HTTPGet.Path, routes[c.Service()][i])
			}
			if port := p.HTTPGet.Port + p.TCPSocket.Port; c.Port(port) == 0 {
				t.Errorf("probe %d asks the port %q, which has no number", i, port)
			}
		}
	})
}

func TestMountsHaveVolumes(t *testing.T) {
	eachContainer(t, func(t *testing.T, _ Set, m Manifest, pod Pod, c Container) {
		volumes := map[string]int{}
		for _, v := range pod.Volumes {
			volumes[v.Name]++
		}
		for _, claim := range m.Workload().VolumeClaimTemplates {
			volumes[claim.Metadata.Name]++
		}
		used := map[string]bool{}
		for _, mount := range slices.Concat(c.VolumeMounts, mountsOf(pod.InitContainers)) {
			if volumes[mount.Name] != 1 {
				t.Errorf("%s is mounted at %s and is there %d times", mount.Name, mount.MountPath, volumes[mount.Name])
			}
			used[mount.Name] = true
		}
		for name := range volumes {
			if !used[name] {
				t.Errorf("volume %s is mounted nowhere", name)
			}
		}
	})
}

func mountsOf(containers []Container) (list []Mount) {
	for _, c := range containers {
		list = append(list, c.VolumeMounts...)
	}
	return list
}
