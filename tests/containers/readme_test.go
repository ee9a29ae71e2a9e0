package containers

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sluice/tests/stack"
)

// commands are those in the blocks below a heading of docker/README.md.
func commands(t *testing.T, heading string) []string {
	t.Helper()
	_, section, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %s", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var all []string
	for line := range strings.Lines(section) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, strings.TrimSpace(command))
		}
	}
	return all
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "docker", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var localPort = regexp.MustCompile(`http://127\.0\.0\.1:(\d+)`)

// TestReadmeBox runs what the README says, with the images that are there
// already, and on free ports.
func TestReadmeBox(t *testing.T) {
	p := newProject(t, need(t), "readme", resolved(t, []string{"SLUICE_TAG=" + tag}, "-f", "compose.box.yml"))
	services := map[string]string{"59720": "rules-engine", "8899": "receivers"}
	all := commands(t, "The box")
	if len(all) < 5 || !strings.HasPrefix(all[0], "make images ") {
		t.Fatalf("commands %q", all)
	}
	for _, command := range all[1:] {
		command = strings.ReplaceAll(command, "images/host/", filepath.Join(p.dir, "images", "host")+"/")
		command = strings.ReplaceAll(command, "docker-compose -f docker/compose.box.yml", "docker-compose -p readme -f "+p.file)
		command = localPort.ReplaceAllStringFunc(command, func(address string) string {
			port := localPort.FindStringSubmatch(address)[1]
			number, _ := strconv.Atoi(port) // digits
			return p.url(services[port], number)
		})
		stack.Eventually(t, func(ctx context.Context) error {
			_, err := p.run(ctx, "sh", "-c", command)
			if err != nil && !strings.HasPrefix(command, "curl") { // services take a moment
				t.Fatal(err)
			}
			return err
		})
	}
}

// TestReadmeEdgex has docker-compose read what the README says. EdgeX's images
// are not there to be started.
func TestReadmeEdgex(t *testing.T) {
	needProgram(t, "docker-compose")
	all := commands(t, "EdgeX")
	if len(all) < 3 {
		t.Fatalf("commands %q", all)
	}
	for _, command := range all {
		reading := strings.TrimSuffix(command, "up -d") + "config -q"
		if reading == command+"config -q" {
			t.Errorf("%s starts nothing", command)
		}
		if _, err := own.run(t.Context(), "sh", "-c", reading); err != nil {
			t.Error(err)
		}
	}
}
