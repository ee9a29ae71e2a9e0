package helm

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// What OpenYurt makes of the templates in each pool: the instance has the pool's
// name, and what shanghai has of its own is named in the ConfigMaps.
func checkPool(t *testing.T, service, pool string, made appsv1.StatefulSet) {
	t.Helper()
	pod := made.Spec.Template.Spec
	instance := slices.IndexFunc(pod.Containers[0].Env, func(v corev1.EnvVar) bool { return v.Name == "EDGEX_INSTANCE_NAME" })
	if service == "rules-service" != (instance < 0) || instance >= 0 && pod.Containers[0].Env[instance].Value != pool {
		t.Errorf("%s in %s: variables %v", service, pool, pod.Containers[0].Env)
	}
	names := map[string]string{"rules-service": "rules", "device-modbus": "modbus-devices"}
	own := ""
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil && (v.Name == "definitions" || v.Name == "devices") {
			own = v.ConfigMap.Name
		}
	}
	want := names[service]
	if want != "" && pool == "shanghai" {
		want += "-shanghai"
	}
	if own != want {
		t.Errorf("%s in %s takes %q, want %q", service, pool, own, want)
	}
}

// documents decodes the documents of a file.
func documents[T any](t *testing.T, file string) (list []T) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range strings.Split(string(text), "\n---\n") {
		var one T
		if err := yaml.UnmarshalStrict([]byte(doc), &one); err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	if len(list) != 3 {
		t.Fatalf("%s has %d documents, want one for each service", file, len(list))
	}
	return list
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t *testing.T, b []byte) (made appsv1.StatefulSet) {
	t.Helper()
	if err := yaml.UnmarshalStrict(b, &made); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return made
}

func TestTweaksOfYurtAppSets(t *testing.T) {
	for _, set := range documents[yurtAppSet](t, "../kubernetes/openyurt/yurtappsets.yaml") {
		for _, pool := range []string{"hangzhou", "shanghai"} {
			doc := marshal(t, set.Spec.Workload.WorkloadTemplate.StatefulSetTemplate)
			for _, tweak := range set.Spec.Workload.WorkloadTweaks {
				if tweak.NodePoolSelector == nil && !slices.Contains(tweak.Pools, pool) {
					continue
				}
				var operations []string
				for _, p := range tweak.Tweaks.Patches {
					operations = append(operations, fmt.Sprintf(`{"op":%q,"path":%q,"value":%s}`, p.Operation, p.Path, marshal(t, p.Value)))
				}
				text := strings.ReplaceAll("["+strings.Join(operations, ",")+"]", "{{nodepool-name}}", pool)
				patch, err := jsonpatch.DecodePatch([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if doc, err = patch.Apply(doc); err != nil {
					t.Fatalf("%s in %s: %v", set.Name, pool, err)
				}
			}
			checkPool(t, set.Name, pool, decode(t, doc))
		}
	}
}

func TestPatchesOfUnitedDeployments(t *testing.T) {
	for _, set := range documents[unitedDeployment](t, "../kubernetes/openyurt/uniteddeployments.yaml") {
		for _, pool := range set.Spec.Topology.Pools {
			doc := marshal(t, set.Spec.WorkloadTemplate.StatefulSetTemplate)
			if pool.Patch != nil {
				var err error
				if doc, err = strategicpatch.StrategicMergePatch(doc, marshal(t, pool.Patch), appsv1.StatefulSet{}); err != nil {
					t.Fatalf("%s in %s: %v", set.Name, pool.Name, err)
				}
			}
			checkPool(t, set.Name, pool.Name, decode(t, doc))
		}
	}
}
