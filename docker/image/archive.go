package image

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerManifest is what docker load reads of an archive.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// WriteArchive writes an image as docker load and ctr image import take it,
// under its tags, such as sluice/rules-service:1.2.3.
func WriteArchive(w io.Writer, i *Image, tags ...string) error {
	docker := dockerManifest{Config: blobPath(i.config.Digest), RepoTags: tags}
	for _, l := range i.Layers {
		docker.Layers = append(docker.Layers, blobPath(l.Digest))
	}
	names := []File{}
	for name, content := range map[string]any{
		"manifest.json":    []dockerManifest{docker},
		v1.ImageIndexFile:  index(named(i, tags)),
		v1.ImageLayoutFile: v1.ImageLayout{Version: v1.ImageLayoutVersion},
	} {
		data, err := json.Marshal(content)
		if err != nil {
			return err
		}
		names = append(names, File{Path: name, Mode: 0o644, Data: data})
	}
	for _, b := range i.blobs() {
		names = append(names, File{Path: blobPath(b.Digest), Mode: 0o644, Data: b.data})
	}
	return writeTar(w, names)
}

func writeTar(w io.Writer, files []File) error {
	all, err := arranged(files)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	for _, f := range all {
		if err := writeFile(archive, f, time.Unix(0, 0)); err != nil {
			return fmt.Errorf("archive: %s: %w", f.Path, err)
		}
	}
	return archive.Close()
}

// named are descriptors of the image under each of its tags.
func named(i *Image, tags []string) []v1.Descriptor {
	var all []v1.Descriptor
	for _, tag := range tags {
		d := i.Descriptor
		d.Annotations = map[string]string{"io.containerd.image.name": "docker.io/" + tag, v1.AnnotationRefName: tag}
		all = append(all, d)
	}
	return all
}

func index(manifests []v1.Descriptor) v1.Index {
	return v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: manifests}
}

func blobPath(d digest.Digest) string {
	return path.Join(v1.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}
