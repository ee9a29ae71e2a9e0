package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Layer is a set of files, packed.
type Layer struct {
	v1.Descriptor               // of the compressed bytes: what is pulled
	Content       digest.Digest // of the tar archive, which makes up the image's identity
	Unpacked      int64         // size of the files
	packed        []byte
}

// NewLayer packs files. All of them have the same time.
func NewLayer(files []File, at time.Time) (*Layer, error) {
	all, err := arranged(files)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	pressed, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	content := sha256.New()
	l := &Layer{}
	archive := tar.NewWriter(io.MultiWriter(pressed, content))
	for _, f := range all {
		l.Unpacked += int64(len(f.Data))
		if err := writeFile(archive, f, at); err != nil {
			return nil, fmt.Errorf("layer: %s: %w", f.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := pressed.Close(); err != nil {
		return nil, err
	}
	l.packed = packed.Bytes()
	l.Descriptor = describe(v1.MediaTypeImageLayerGzip, l.packed)
	l.Content = digest.NewDigest(digest.SHA256, content)
	return l, nil
}

func writeFile(archive *tar.Writer, f File, at time.Time) error {
	h := &tar.Header{Name: f.Path, Mode: int64(f.Mode.Perm()), Uid: f.Owner, Gid: f.Group, ModTime: at, Size: int64(len(f.Data)), Typeflag: tar.TypeReg}
	if f.Mode.IsDir() {
		h.Typeflag, h.Name = tar.TypeDir, f.Path+"/"
	}
	if err := archive.WriteHeader(h); err != nil {
		return err
	}
	_, err := archive.Write(f.Data)
	return err
}

func describe(kind string, data []byte) v1.Descriptor {
	return v1.Descriptor{MediaType: kind, Digest: digest.FromBytes(data), Size: int64(len(data))}
}
