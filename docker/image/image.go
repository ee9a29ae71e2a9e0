package image

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Spec says what an engine does with an image.
type Spec struct {
	Platform v1.Platform
	Created  time.Time
	Config   v1.ImageConfig
	Health   *Health // nil: no health check
}

// Health is a health check. OCI does not have it; Docker and Podman read it.
type Health struct {
	Test        []string      // CMD and the command
	Interval    time.Duration `json:",omitempty"`
	Timeout     time.Duration `json:",omitempty"`
	StartPeriod time.Duration `json:",omitempty"`
	Retries     int           `json:",omitempty"`
}

// Image is an image for one platform.
type Image struct {
	v1.Descriptor // of the manifest: the digest of the image
	Layers        []*Layer

	config   blob // its digest is what docker images shows as the ID
	manifest blob
}

// blob is a document of an image.
type blob struct {
	v1.Descriptor
	data []byte
}

// config is the configuration of an image with what Docker adds to it.
type config struct {
	v1.Image
	Config dockerConfig `json:"config"`
}

type dockerConfig struct {
	v1.ImageConfig
	Healthcheck *Health `json:",omitempty"`
}

// New makes an image of layers, the lowest first.
func New(s Spec, layers ...*Layer) (*Image, error) {
	created := s.Created.UTC()
	c := config{Image: v1.Image{Created: &created, Platform: s.Platform, RootFS: v1.RootFS{Type: "layers"}}, Config: dockerConfig{s.Config, s.Health}}
	m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Annotations: s.Config.Labels}
	for _, l := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.Content)
		c.History = append(c.History, v1.History{Created: &created})
		m.Layers = append(m.Layers, l.Descriptor)
	}
	i := &Image{Layers: layers}
	var err error
	if i.config, err = document(v1.MediaTypeImageConfig, c); err != nil {
		return nil, err
	}
	m.Config = i.config.Descriptor
	if i.manifest, err = document(v1.MediaTypeImageManifest, m); err != nil {
		return nil, err
	}
	i.Descriptor = i.manifest.Descriptor
	i.Platform = &s.Platform
	return i, nil
}

func document(kind string, content any) (blob, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return blob{}, fmt.Errorf("image: %w", err)
	}
	return blob{describe(kind, data), data}, nil
}

// ID is the digest of the configuration, by which Docker knows the image.
func (i *Image) ID() string { return i.config.Digest.String() }

// Pulled is how many bytes a registry sends for the image.
func (i *Image) Pulled() int64 {
	total := i.manifest.Size + i.config.Size
	for _, l := range i.Layers {
		total += l.Size
	}
	return total
}

// Unpacked is how many bytes its files have.
func (i *Image) Unpacked() int64 {
	var total int64
	for _, l := range i.Layers {
		total += l.Unpacked
	}
	return total
}

// blobs are the parts of the image, each once.
func (i *Image) blobs() []blob {
	all := []blob{i.manifest, i.config}
	for _, l := range i.Layers {
		all = append(all, blob{l.Descriptor, l.packed})
	}
	return all
}
