package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tests/kubernetes"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

// node is a machine that runs containers of manifests as processes: what the
// manifests mount is in folders of its own, their ports are free ones.
type node struct {
	dir      string
	set      kubernetes.Set
	pod      kubernetes.Pod
	replaces []string // pairs: what stands in the manifests, and here
}

func newNode(t *testing.T, files []string, service string, replaces ...string) *node {
	t.Helper()
	var paths []string
	for _, file := range files {
		paths = append(paths, filepath.Join(stack.Root(), "docker", file))
	}
	set, err := kubernetes.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range set {
		workload := m.Workload()
		if workload == nil || workload.Template.Spec.Containers[0].Service() != service {
			continue
		}
		n := &node{dir: t.TempDir(), set: set, pod: workload.Template.Spec}
		n.replaces = append([]string{"/etc/sluice", n.dir + "/etc", "/var/lib/sluice", n.dir + "/lib"}, replaces...)
		return n
	}
	t.Fatalf("the manifests have no %s", service)
	return nil
}

func (n *node) local(text string) string { return strings.NewReplacer(n.replaces...).Replace(text) }

// mount writes the ConfigMaps of the container as a node does.
func (n *node) mount(t *testing.T) {
	t.Helper()
	files, missing, err := n.set.Files(n.pod, n.pod.Containers[0])
	if err != nil || len(missing) > 0 {
		t.Fatalf("missing: %v, %v", missing, err)
	}
	for _, m := range n.pod.Containers[0].VolumeMounts {
		mounted := map[string]string{}
		for path, text := range files {
			if name, ok := strings.CutPrefix(path, m.MountPath+"/"); ok {
				mounted[name] = n.local(text)
			}
		}
		if len(mounted) == 0 {
			continue
		}
		if err := kubernetes.WriteFolder(n.local(m.MountPath), mounted); err != nil {
			t.Fatal(err)
		}
	}
}

// start runs the container with its arguments and its environment.
func (n *node) start(t *testing.T, name string) *stack.Process {
	t.Helper()
	n.mount(t)
	c := n.pod.Containers[0]
	fields := map[string]string{"spec.nodeName": name, "status.podIP": "127.0.0.1", "metadata.name": name + "-0"}
	var env, known []string
	for _, v := range c.Env {
		value := strings.NewReplacer(known...).Replace(n.local(v.Value)) + fields[v.ValueFrom.FieldRef.FieldPath]
		known = append(known, "$("+v.Name+")", value)
		env = append(env, v.Name+"="+value)
	}
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = n.local(a)
	}
	return stack.Start(t, env, filepath.Join(stack.Binaries(t), c.Service()), args...)
}

// kubeEdge are the manifests that people apply, and what the chart makes of them.
var kubeEdge = map[string][]string{
	"manifests": {"kubernetes/configuration.yaml", "kubernetes/rules.yaml", "kubernetes/devices.yaml", "kubernetes/kubeedge/common.yaml", "kubernetes/kubeedge/services.yaml"},
	"chart":     {"helm/testdata/kubeedge.golden.yaml"},
}

// The configuration in the manifests starts the rules service, which wants the
// token of the Secret, and answers the probes.
func TestRulesServiceOfTheManifests(t *testing.T) {
	for name, files := range kubeEdge {
		t.Run(name, func(t *testing.T) {
			broker := servers.Mosquitto(t)
			api, sdk := servers.FreePort(t), servers.FreePort(t)
			n := newNode(t, files, "rules-service", "1883", fmt.Sprint(broker.Port), "59720", fmt.Sprint(api), "59701", fmt.Sprint(sdk))
			stack.WriteFile(t, n.dir, "lib/token", "of-the-secret\n")
			n.start(t, "edge-1")
			url := fmt.Sprintf("http://127.0.0.1:%d", api)
			stack.Answers(t, url+n.pod.Containers[0].ReadinessProbe.HTTPGet.Path)
			stack.MustCall(t, 200, "GET", url+n.pod.Containers[0].LivenessProbe.HTTPGet.Path, "")
			stack.MustCall(t, 401, "GET", url+"/rules", "")
			sluice := exec.Command(filepath.Join(stack.Binaries(t), "sluice"), "--server", url, "--token-file", filepath.Join(n.dir, "lib/token"), "get", "rules")
			if out, err := sluice.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			runs := func(rule string) {
				t.Helper()
				stack.Eventually(t, func(ctx context.Context) error {
					c := exec.CommandContext(ctx, filepath.Join(stack.Binaries(t), "sluice"), "--server", url, "--token-file", filepath.Join(n.dir, "lib/token"), "status", rule)
					if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "running") {
						return fmt.Errorf("%w: %s", err, out)
					}
					return nil
				})
			}
			runs("pressure-high") // of the ConfigMap
			changed := map[string]string{"pumps.sql": "CREATE STREAM pumps () WITH (TYPE=\"edgex\", FORMAT=\"json\", SHARED=\"true\");", "low.json": `{"id": "pressure-low", "sql": "SELECT Pressure FROM pumps WHERE Pressure < 2", "actions": [{"log": {}}]}`}
			if err := kubernetes.WriteFolder(n.local("/etc/sluice/definitions"), changed); err != nil {
				t.Fatal(err)
			}
			runs("pressure-low") // after a change of it, without a restart
		})
	}
}

// The device service of a node finds its profile and its devices in ConfigMaps,
// and core-metadata knows it by a name with that of the node. The values of the
// chart make it a mapper.
func TestDeviceServiceOfTheManifests(t *testing.T) {
	for name, files := range kubeEdge {
		t.Run(name, func(t *testing.T) {
			broker := servers.Mosquitto(t)
			metadata := stack.ServeMetadata(t, stack.Bus{Type: "mqtt", Port: broker.Port}.Client(t, "core-metadata"))
			port, edge := servers.FreePort(t), startEdgecore(t)
			n := newNode(t, files, "device-modbus", "/etc/kubeedge", filepath.Dir(edge.Socket()), "1883", fmt.Sprint(broker.Port), "59881", fmt.Sprint(metadata), "59901", fmt.Sprint(port))
			n.start(t, "edge-1")
			stack.Answers(t, fmt.Sprintf("http://127.0.0.1:%d%s", port, n.pod.Containers[0].ReadinessProbe.HTTPGet.Path))
			stack.Eventually(t, func(ctx context.Context) error {
				status, body, err := stack.Call(ctx, "GET", fmt.Sprintf("http://127.0.0.1:%d/api/v3/device/name/pump-1", metadata), "")
				if err == nil && (status != 200 || !strings.Contains(body, `"serviceName":"device-modbus_edge-1"`)) {
					err = fmt.Errorf("status %d: %s", status, body)
				}
				return err
			})
			stack.Eventually(t, func(context.Context) error {
				if mapper := edge.Mapper("modbus"); (mapper != nil) != (name == "chart") {
					return fmt.Errorf("mapper %v", mapper)
				}
				return nil
			})
		})
	}
}
