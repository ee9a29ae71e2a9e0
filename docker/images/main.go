// Command images builds the container images of all programs, for several
// platforms, without a container engine. The same sources, version and Go make
// the same bytes, wherever and however often they are built.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"sluice/docker/image"
)

const description = `Builds the container images: static programs, root certificates and time zones, and nothing else.

  OUT/PLATFORM/NAME.tar   for docker load, podman load, ctr image import
  OUT/oci                 all images for all platforms in OCI's layout, for skopeo copy --all and crane push`

type flags struct {
	Out      string   `default:"images" type:"path" help:"Folder for what is built."`
	Platform []string `default:"linux/amd64,linux/arm64,linux/arm/v7" help:"Platforms to build for; 'host' is the one of this machine."`
	Tag      string   `default:"dev" help:"Version of the images, beside latest."`
	Revision string   `help:"Commit that they are built from."`
	Created  int64    `env:"SOURCE_DATE_EPOCH" help:"Time of all files and of the images, in seconds since 1970."`
	Ldflags  string   `help:"Flags of Go's linker."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("images"), kong.Description(description))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := build(ctx, f)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "images: %v\n", err)
		os.Exit(1)
	}
}

// build makes all images and prints a line for each.
func build(ctx context.Context, f flags) error {
	created := time.Unix(f.Created, 0)
	base, err := baseLayer(created)
	if err != nil {
		return err
	}
	layout := image.NewLayout(filepath.Join(f.Out, "oci"))
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "IMAGE\tPLATFORM\tPULLED\tUNPACKED\tDIGEST") // of a table in memory, until Flush
	for _, p := range programs {
		var all []*image.Image
		for _, name := range f.Platform {
			i, err := f.image(ctx, p, name, base, created)
			if err != nil {
				return fmt.Errorf("%s for %s: %w", p.name, name, err)
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", p.name, name, megabytes(i.Pulled()), megabytes(i.Unpacked()), i.Digest)
			all = append(all, i)
		}
		digest, err := layout.Add(p.repository()+":"+f.Tag, all...)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(table, "%s\tall\t\t\t%s\n", p.name, digest)
	}
	if err := layout.Close(); err != nil {
		return err
	}
	return table.Flush()
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// image builds one program for one platform and writes its archive.
func (f flags) image(ctx context.Context, p program, platform string, base *image.Layer, created time.Time) (*image.Image, error) {
	target, err := parsePlatform(platform)
	if err != nil {
		return nil, err
	}
	binary, err := compile(ctx, p, target, f.Ldflags)
	if err != nil {
		return nil, err
	}
	files, err := p.files(binary)
	if err != nil {
		return nil, err
	}
	own, err := image.NewLayer(files, created)
	if err != nil {
		return nil, err
	}
	i, err := image.New(p.spec(f, target, created), base, own)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(f.Out, filepath.FromSlash(platform))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(dir, p.name+".tar"))
	if err != nil {
		return nil, err
	}
	if err := image.WriteArchive(out, i, p.repository()+":"+f.Tag, p.repository()+":latest"); err != nil {
		_ = out.Close() // the first error counts
		return nil, err
	}
	return i, out.Close()
}

func hostPlatform() string {
	if runtime.GOARCH == "arm" {
		return "linux/arm/v7"
	}
	return "linux/" + runtime.GOARCH
}
