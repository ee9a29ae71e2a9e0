package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/profiles/kubeedge"
)

// exportKubeEdge writes core-metadata's profiles and devices in a format of
// KubeEdge or OpenYurt: all, or some devices with their profiles.
func (a *API) exportKubeEdge(w http.ResponseWriter, r *http.Request) error {
	have, err := a.Metadata.existing(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	if names := q["device"]; len(names) > 0 {
		if have, err = chosen(have, names); err != nil {
			return err
		}
	}
	format := q.Get("format")
	if format == "" {
		format = kubeedge.V1Beta1
	}
	objects, findings := kubeedge.Export(format, have.Profiles, have.Devices)
	if errs := findings.Errors(); errs != nil {
		return fmt.Errorf("nothing was exported: %s", errs[0])
	}
	writeWarnings(w, exportWarnings(findings))
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(kubeedge.Text(objects)) // the client has gone
	return nil
}

// mostWarnings bounds the headers of an export.
const mostWarnings = 50

func exportWarnings(findings kubeedge.Findings) (list []string) {
	for _, f := range findings[:min(len(findings), mostWarnings)] {
		list = append(list, f.String())
	}
	if n := len(findings) - mostWarnings; n > 0 {
		list = append(list, fmt.Sprintf("and %d more", n))
	}
	return list
}

// chosen are some devices with their profiles.
func chosen(have kubeedge.Existing, names []string) (some kubeedge.Existing, err error) {
	profiles := map[string]bool{}
	for _, name := range names {
		i := slices.IndexFunc(have.Devices, func(d dtos.Device) bool { return d.Name == name })
		if i < 0 {
			return some, &located{http.StatusNotFound, codeNotFound, fmt.Errorf("device %q is not known to core-metadata", name)}
		}
		some.Devices = append(some.Devices, have.Devices[i])
		profiles[have.Devices[i].ProfileName] = true
	}
	for _, p := range have.Profiles {
		if profiles[p.Name] {
			some.Profiles = append(some.Profiles, p)
		}
	}
	return some, nil
}
