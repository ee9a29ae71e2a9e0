package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Layout is a folder of images in OCI's layout. Tools such as skopeo and crane
// push from it, all platforms at once.
type Layout struct {
	dir   string
	names []v1.Descriptor
}

// NewLayout makes a layout below a folder.
func NewLayout(dir string) *Layout { return &Layout{dir: dir} }

// Add writes images that differ in their platforms under one name. It returns
// the digest that stands for all of them.
func (l *Layout) Add(name string, images ...*Image) (digest string, err error) {
	var manifests []v1.Descriptor
	for _, i := range images {
		manifests = append(manifests, i.Descriptor)
		for _, b := range i.blobs() {
			if err := l.write(b); err != nil {
				return "", err
			}
		}
	}
	all, err := document(v1.MediaTypeImageIndex, index(manifests))
	if err != nil {
		return "", err
	}
	if err := l.write(all); err != nil {
		return "", err
	}
	d := all.Descriptor
	d.Annotations = map[string]string{v1.AnnotationRefName: name}
	l.names = append(l.names, d)
	return d.Digest.String(), nil
}

func (l *Layout) write(b blob) error {
	path := filepath.Join(l.dir, filepath.FromSlash(blobPath(b.Digest)))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err // a layer that another image has, too
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	return os.WriteFile(path, b.data, 0o644)
}

// Close writes the table of contents.
func (l *Layout) Close() error {
	for name, content := range map[string]any{
		v1.ImageIndexFile:  index(l.names),
		v1.ImageLayoutFile: v1.ImageLayout{Version: v1.ImageLayoutVersion},
	} {
		data, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(l.dir, name), data, 0o644); err != nil {
			return fmt.Errorf("layout: %w", err)
		}
	}
	return nil
}
