package metadata

import (
	"errors"
	"io"
	"net/http"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"
)

// uploadProfile takes a profile as the YAML file that a device service reads,
// in the field file of a form.
func (s *Server) uploadProfile(w http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := readProfileFile(w, r)
	if err != nil {
		return 0, nil, err
	}
	p.Id, p.Created, p.Modified = uuid.NewString(), now(), now()
	err = s.change(func(t *tables) error {
		if err := insert(t.Profiles, profileNoun, p.Name, p); err != nil {
			return err
		}
		t.tellProfile(common.SystemEventActionAdd, p)
		return nil
	})
	return http.StatusCreated, dtocommon.NewBaseWithIdResponse("", "", http.StatusCreated, p.Id), err
}

func readProfileFile(w http.ResponseWriter, r *http.Request) (p dtos.DeviceProfile, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	file, _, err := r.FormFile("file")
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return p, refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", maxBody)
	case err != nil:
		return p, refuse(http.StatusBadRequest, "want a form with a profile in its field file, as of curl -F file=@profile.yaml: %v", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(file)
	if err != nil {
		return p, refuse(http.StatusBadRequest, "read the file: %v", err)
	}
	if err := yaml.Unmarshal(text, &p); err != nil { // it checks itself
		return p, refuse(http.StatusBadRequest, "%v", err)
	}
	if p.Name == "" {
		return p, refuse(http.StatusBadRequest, "the file is no device profile: it has no name")
	}
	return p, nil
}
