package opcua

import (
	"encoding/json"
	"errors"
	"net/http"

	"sluice/device-service/internal/driver"
)

var _ driver.Router = (*Driver)(nil)

// Routes are those of browsing and of the trust list.
func (d *Driver) Routes() []driver.Route {
	return append(d.browser.routes(),
		driver.Route{Method: http.MethodGet, Path: "opcua/certificates", Handler: d.listCertificates},
		driver.Route{Method: http.MethodPost, Path: "opcua/certificates/{thumbprint}/trust", Handler: d.trustCertificate},
		driver.Route{Method: http.MethodDelete, Path: "opcua/certificates/{thumbprint}", Handler: d.removeCertificate},
	)
}

func (d *Driver) listCertificates(w http.ResponseWriter, _ *http.Request) {
	list := d.options.PKI.Certificates()
	if list == nil {
		list = []Certificate{}
	}
	answer(w, http.StatusOK, map[string]any{"certificates": list})
}

func (d *Driver) trustCertificate(w http.ResponseWriter, r *http.Request) {
	d.certificatesChanged(w, d.options.PKI.Trust(r.PathValue("thumbprint")))
}

func (d *Driver) removeCertificate(w http.ResponseWriter, r *http.Request) {
	err := d.options.PKI.Remove(r.PathValue("thumbprint"))
	if err == nil {
		d.recheck()
	}
	d.certificatesChanged(w, err)
}

func (d *Driver) certificatesChanged(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errNoCertificate):
		refuse(w, http.StatusNotFound, err)
	case errors.Is(err, errNoThumbprint):
		refuse(w, http.StatusBadRequest, err)
	case err != nil:
		refuse(w, http.StatusInternalServerError, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who does not listen any more misses nothing
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"message": err.Error()})
}
