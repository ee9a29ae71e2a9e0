package file

import "sluice/rules-service/internal/codec"

// packer makes members of compressed files, which stand one after the other.
// nil leaves bytes as they are.
type packer struct {
	compression, ending string
	of                  *codec.Packer
}

var endings = map[string]string{"gzip": ".gz", "zstd": ".zst"}

func newPacker(c *SinkConfig) (*packer, error) {
	if c.Compression == "" {
		return nil, nil
	}
	of, err := codec.NewPacker(codec.Packing{Compression: c.Compression, Level: c.CompressionProps.Level})
	if err != nil {
		return nil, err
	}
	return &packer{c.Compression, endings[c.Compression], of}, nil
}

func (p *packer) member(body []byte) []byte {
	if p == nil || len(body) == 0 {
		return body
	}
	return p.of.Pack(body)
}

// name is what the property compression says.
func (p *packer) name() string {
	if p == nil {
		return "none"
	}
	return p.compression
}

func (p *packer) fileEnding() string {
	if p == nil {
		return ""
	}
	return p.ending
}
