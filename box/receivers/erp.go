package receivers

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// ERP takes alarms as JSON: POST /erp/alarms with a bearer token.
type ERP struct {
	token string
	inbox *Inbox
	last  atomic.Int64
}

// NewERP returns an ERP that knows one token.
func NewERP(token string, inbox *Inbox) *ERP { return &ERP{token: token, inbox: inbox} }

// Alarm is the body that the ERP wants; all but Unit is required.
type Alarm struct {
	Device   string   `json:"device"`
	Quantity string   `json:"quantity"`
	Value    *float64 `json:"value"`
	Unit     string   `json:"unit"`
	Severity string   `json:"severity"` // low, high or critical
	Text     string   `json:"text"`
}

func (a Alarm) check() error {
	var wrong []error
	for name, text := range map[string]string{"device": a.Device, "quantity": a.Quantity, "text": a.Text} {
		if strings.TrimSpace(text) == "" {
			wrong = append(wrong, fmt.Errorf("%s is required", name))
		}
	}
	if a.Value == nil {
		wrong = append(wrong, errors.New("value is required"))
	}
	switch a.Severity {
	case "low", "high", "critical":
	default:
		wrong = append(wrong, fmt.Errorf("severity %q: want low, high or critical", a.Severity))
	}
	return errors.Join(wrong...)
}

func (h *ERP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body := h.accept(w, r)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="erp"`)
	}
	writeJSON(w, status, body)
}

func (h *ERP) accept(w http.ResponseWriter, r *http.Request) (status int, body map[string]any) {
	fail := func(status int, err error) (int, map[string]any) {
		return status, map[string]any{"error": err.Error()}
	}
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found || subtle.ConstantTimeCompare([]byte(token), []byte(h.token)) == 0 {
		return fail(http.StatusUnauthorized, errors.New("a valid bearer token is required"))
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return fail(http.StatusUnsupportedMediaType, errors.New("want Content-Type application/json"))
	}
	var a Alarm
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return fail(http.StatusBadRequest, fmt.Errorf("alarm: %w", err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fail(http.StatusBadRequest, errors.New("alarm: something follows the object"))
	}
	if err := a.check(); err != nil {
		return fail(http.StatusBadRequest, fmt.Errorf("alarm: %w", err))
	}
	h.inbox.put(Message{Time: time.Now(), Target: "erp", Device: a.Device,
		Text: fmt.Sprintf("%s (%s %.4g %s, %s)", a.Text, a.Quantity, *a.Value, a.Unit, a.Severity)})
	id := h.last.Add(1)
	w.Header().Set("Location", fmt.Sprintf("/erp/alarms/%d", id))
	return http.StatusCreated, map[string]any{"id": id}
}
