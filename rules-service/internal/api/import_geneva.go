package api

import (
	"errors"
	"net/http"

	"sluice/profiles/geneva"
	"sluice/profiles/kubeedge"
)

// genevaRequest is the body of POST /import/geneva.
type genevaRequest struct {
	Files       []sentFile `json:"files"`
	Service     string     `json:"service"`
	ReplaceDots bool       `json:"replaceDots"`
	DryRun      bool       `json:"dryRun"`
}

const genevaExample = `{"files": [{"name": "thermostat.yaml", "data": "…"}, {"name": "configuration.toml", "data": "…"}], "dryRun": true}`

// importGeneva takes profiles and devices of EdgeX Geneva.
func (a *API) importGeneva(w http.ResponseWriter, r *http.Request) error {
	var in genevaRequest
	if err := decodeStrictly(r, &in, genevaExample); err != nil {
		return err
	}
	if len(in.Files) == 0 {
		return errors.New("there are no files in the body, such as " + genevaExample)
	}
	files := make([]geneva.File, len(in.Files))
	for i, f := range in.Files {
		files[i] = geneva.File{Name: f.Name, Data: []byte(f.Data)}
	}
	made, notes := geneva.Convert(files, geneva.Options{Service: in.Service, ReplaceDots: in.ReplaceDots})
	var result kubeedge.Result
	for _, p := range made.Profiles {
		result.Profiles = append(result.Profiles, kubeedge.Profile{DeviceProfile: p})
	}
	for _, d := range made.Devices {
		result.Devices = append(result.Devices, kubeedge.Instance{Device: d})
	}
	return a.takeDevices(w, r, &deviceImport{result: result, notes: notes, errs: genevaErrors(notes), dryRun: in.DryRun, report: genevaReport})
}

func genevaErrors(notes []geneva.Note) (n int) {
	for _, note := range notes {
		if note.Error {
			n++
		}
	}
	return n
}

// genevaReport tells of each profile and device what becomes of it.
func genevaReport(changes []kubeedge.Change) []kubeedge.Entry {
	entries := make([]kubeedge.Entry, len(changes))
	for i, c := range changes {
		entries[i] = kubeedge.Entry{Document: kubeedge.Document{Kind: c.Kind, Name: c.Name}, Action: c.Action, Changes: []kubeedge.Change{c}}
	}
	return entries
}
