package api

import (
	"errors"
	"net/http"

	"sluice/profiles/kubeedge"
)

// kubeEdgeRequest is the body of POST /import/kubeedge.
type kubeEdgeRequest struct {
	Files    []sentFile        `json:"files"`
	Node     string            `json:"node"`
	Broker   string            `json:"broker"`
	Services map[string]string `json:"services"`
	DryRun   bool              `json:"dryRun"`
	kubeedge.Choices
}

const kubeEdgeExample = `{"files": [{"name": "line.yaml", "data": "…"}], "cycleUnit": "ms", "dryRun": true}`

// importKubeEdge takes device models and devices of KubeEdge and OpenYurt.
func (a *API) importKubeEdge(w http.ResponseWriter, r *http.Request) error {
	var in kubeEdgeRequest
	if err := decodeStrictly(r, &in, kubeEdgeExample); err != nil {
		return err
	}
	if len(in.Files) == 0 {
		return errors.New("there are no files in the body, such as " + kubeEdgeExample)
	}
	files := make([]kubeedge.File, len(in.Files))
	for i, f := range in.Files {
		files[i] = kubeedge.File{Name: f.Name, Data: []byte(f.Data)}
	}
	set, findings := kubeedge.Read(files...)
	result, more := kubeedge.Convert(set, kubeedge.Options{Node: in.Node, Choices: in.Choices, Broker: in.Broker, Services: in.Services})
	findings = append(findings, more...)
	return a.takeDevices(w, r, &deviceImport{
		result: result, errs: len(findings.Errors()), dryRun: in.DryRun,
		report: func(changes []kubeedge.Change) []kubeedge.Entry { return kubeedge.Report(set, findings, changes) },
	})
}
