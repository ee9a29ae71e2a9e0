package dmi

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// testdata/device.base64 is what the conversion of KubeEdge 1.21 itself made of
// testdata/device.yaml.
func TestMessageIsThatOfKubeEdge(t *testing.T) {
	text, err := os.ReadFile("testdata/device.base64")
	if err != nil {
		t.Fatal(err)
	}
	wire, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	want := &pb.Device{}
	if err := proto.Unmarshal(wire, want); err != nil {
		t.Fatal(err)
	}
	objects, err := os.ReadFile("testdata/device.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := manifests(string(objects))
	if err != nil {
		t.Fatal(err)
	}
	got, err := (*device)(list[0]).message()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("KubeEdge -, this +:\n%s", diff)
	}
}
