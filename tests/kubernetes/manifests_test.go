package kubernetes

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// sets are what people apply together, and what the chart makes of each set of
// values.
func sets(t *testing.T) map[string]Set {
	t.Helper()
	shared := filepath.Join(root, "docker/kubernetes/*.yaml")
	patterns := map[string][]string{
		"kubeedge": {shared, filepath.Join(root, "docker/kubernetes/kubeedge/*.yaml")},
		"openyurt": {shared, filepath.Join(root, "docker/kubernetes/openyurt/*.yaml")},
	}
	golden, err := filepath.Glob(filepath.Join(root, "docker/helm/testdata/*.golden.yaml"))
	if err != nil || len(golden) < 6 {
		t.Fatalf("%d golden files of the chart, %v", len(golden), err)
	}
	for _, file := range golden {
		patterns["chart "+strings.TrimSuffix(filepath.Base(file), ".golden.yaml")] = []string{file}
	}
	all := map[string]Set{}
	for name, list := range patterns {
		var files []string
		for _, pattern := range list {
			found, err := filepath.Glob(pattern)
			if err != nil || len(found) == 0 {
				t.Fatalf("%s: %d files, %v", pattern, len(found), err)
			}
			files = append(files, found...)
		}
		if all[name], err = Load(files...); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// eachContainer calls check for the containers of our services.
func eachContainer(t *testing.T, check func(t *testing.T, s Set, m Manifest, pod Pod, c Container)) {
	t.Helper()
	checked := 0
	for name, set := range sets(t) {
		for _, m := range set {
			workload := m.Workload()
			if workload == nil {
				continue
			}
			t.Run(strings.Join([]string{name, m.Kind, m.Metadata.Name}, "/"), func(t *testing.T) {
				pod := workload.Template.Spec
				if len(pod.Containers) != 1 {
					t.Fatalf("%d containers, want one service", len(pod.Containers))
				}
				check(t, set, m, pod, pod.Containers[0])
			})
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d workloads were checked", checked)
	}
}

func TestSelectorsFindTheirPods(t *testing.T) {
	for name, set := range sets(t) {
		var pods []Template
		for _, m := range set {
			workload := m.Workload()
			if workload == nil {
				continue
			}
			pods = append(pods, workload.Template)
			wanted, err := workload.Labels()
			if err != nil || !covers(workload.Template.Metadata.Labels, wanted) {
				t.Errorf("%s: %s %s selects %v, its pods have %v (%v)", name, m.Kind, m.Metadata.Name, wanted, workload.Template.Metadata.Labels, err)
			}
		}
		for _, m := range set {
			if m.Kind == "Service" {
				checkService(t, name, m, pods)
			}
		}
	}
}

// checkService looks for pods of the service that have its ports.
func checkService(t *testing.T, set string, m Manifest, pods []Template) {
	t.Helper()
	wanted, err := m.Spec.Labels()
	if err != nil || len(wanted) == 0 {
		t.Errorf("%s: Service %s selects %v (%v)", set, m.Metadata.Name, wanted, err)
		return
	}
	found := 0
	for _, pod := range pods {
		if !covers(pod.Metadata.Labels, wanted) {
			continue
		}
		found++
		for _, p := range m.Spec.Ports {
			if n := pod.Spec.Containers[0].Port(p.TargetPort); n != p.Port {
				t.Errorf("%s: Service %s, port %s: %d leads to %d", set, m.Metadata.Name, p.Name, p.Port, n)
			}
		}
	}
	if found == 0 {
		t.Errorf("%s: Service %s finds no pod by %v", set, m.Metadata.Name, wanted)
	}
}

func covers(labels, wanted map[string]string) bool {
	for k, v := range wanted {
		if labels[k] != v {
			return false
		}
	}
	return len(wanted) > 0
}

func TestEverythingIsInOneNamespaceOnce(t *testing.T) {
	for name, set := range sets(t) {
		namespaces, seen := map[string]bool{}, map[string]int{}
		for _, m := range set {
			seen[m.Kind+" "+m.Metadata.Name+" "+openYurtGeneration(m)]++
			if m.Kind != "Namespace" && m.Kind != "NodePool" {
				namespaces[m.Metadata.Namespace] = true
			}
		}
		if len(namespaces) != 1 || namespaces[""] {
			t.Errorf("%s: namespaces %v, want one", name, slices.Sorted(maps.Keys(namespaces)))
		}
		for object, n := range seen {
			if n > 1 {
				t.Errorf("%s: %s is there %d times", name, object, n)
			}
		}
	}
}

// openYurtGeneration keeps apart the two files of which one is applied.
func openYurtGeneration(m Manifest) string {
	if m.Kind == "UnitedDeployment" {
		return "old"
	}
	return ""
}
