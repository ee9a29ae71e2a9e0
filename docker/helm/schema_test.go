package helm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// kinds are those of Kubernetes and OpenYurt that the manifests use.
var kinds = map[string]func() any{
	"v1 ConfigMap":                               func() any { return &corev1.ConfigMap{} },
	"v1 Namespace":                               func() any { return &corev1.Namespace{} },
	"v1 Secret":                                  func() any { return &corev1.Secret{} },
	"v1 Service":                                 func() any { return &corev1.Service{} },
	"v1 ServiceAccount":                          func() any { return &corev1.ServiceAccount{} },
	"apps/v1 DaemonSet":                          func() any { return &appsv1.DaemonSet{} },
	"apps/v1 StatefulSet":                        func() any { return &appsv1.StatefulSet{} },
	"networking.k8s.io/v1 NetworkPolicy":         func() any { return &networkingv1.NetworkPolicy{} },
	"apps.openyurt.io/v1beta2 NodePool":          func() any { return &nodePool{} },
	"apps.openyurt.io/v1beta1 YurtAppSet":        func() any { return &yurtAppSet{} },
	"apps.openyurt.io/v1alpha1 UnitedDeployment": func() any { return &unitedDeployment{} },
}

// TestManifestsAreWhatKubernetesKnows decodes every manifest into the type of
// its kind: unknown and doubled fields are errors, as at a strict API server.
func TestManifestsAreWhatKubernetesKnows(t *testing.T) {
	var files []string
	for _, pattern := range []string{"testdata/*.golden.yaml", "../kubernetes/*.yaml", "../kubernetes/*/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	decoded := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range strings.Split("\n"+string(text), "\n---\n") {
			var meta metav1.TypeMeta
			if err := yaml.Unmarshal([]byte(doc), &meta); err != nil {
				t.Errorf("%s: %v\n%s", file, err, doc)
				continue
			}
			if meta.Kind == "" && strings.Trim(doc, "\n# abcdefghijklmnopqrstuvwxyz./-") == "" {
				continue // the head line of a template alone
			}
			kind, ok := kinds[meta.APIVersion+" "+meta.Kind]
			if !ok {
				t.Errorf("%s: unknown kind %s %s\n%s", file, meta.APIVersion, meta.Kind, doc)
				continue
			}
			if err := yaml.UnmarshalStrict([]byte(doc), kind()); err != nil {
				t.Errorf("%s: %s: %v", file, meta.Kind, err)
			}
			decoded++
		}
	}
	if decoded < 50 {
		t.Errorf("only %d manifests were decoded", decoded)
	}
}
