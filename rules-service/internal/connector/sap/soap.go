package sap

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

const (
	soapPath     = "/sap/bc/soap/rfc"
	soapEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	rfcNamespace = "urn:sap-com:document:sap:rfc:functions"
)

var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`) // /NS/NAME is written _-NS_-NAME

// call calls the function module with the payload as its parameters.
func (s *sink) call(ctx context.Context, payload []byte) error {
	params, err := parameters(payload)
	if err != nil {
		return &connector.Permanent{Err: err}
	}
	if _, err = s.session.call(ctx, s.config.Function, params); err != nil || !s.config.Commit {
		return err
	}
	_, err = s.session.call(ctx, "BAPI_TRANSACTION_COMMIT", "<WAIT>X</WAIT>")
	return err
}

// call returns the element with what the function module answers.
func (s *session) call(ctx context.Context, function, params string) (*node, error) {
	body := `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + soapEnvelope + `"><soap:Body><rfc:` + function +
		` xmlns:rfc="` + rfcNamespace + `">` + params + `</rfc:` + function + `></soap:Body></soap:Envelope>`
	a, err := s.do(ctx, http.MethodPost, s.config.pathOr(soapPath), body,
		http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "Soapaction": {`"` + rfcNamespace + `"`}})
	if err != nil {
		return nil, err
	}
	return s.config.answerOf(a, function)
}

func (c *Connection) answerOf(a *httpclient.Answer, function string) (*node, error) {
	root, err := parseXML(a.Body)
	if err != nil || root.name != "Envelope" {
		if !a.OK() {
			return nil, c.failure(a, errorText(a))
		}
		return nil, a.FailureOf("the answer is no SOAP envelope", c.secrets()...)
	}
	body := root.child("Body")
	if body == nil {
		body = &node{}
	}
	if fault := body.child("Fault"); fault != nil {
		return nil, c.faultOf(a, fault)
	}
	if !a.OK() {
		return nil, c.failure(a, errorText(a))
	}
	for _, name := range []string{function + ".Response", function + "Response"} {
		if answer := body.child(name); answer != nil {
			return answer, c.returned(a, answer)
		}
	}
	return nil, a.FailureOf("the envelope has no answer of "+function, c.secrets()...)
}

// faultOf is what the system says instead of an answer. What it blames on the
// caller does not pass by itself.
func (c *Connection) faultOf(a *httpclient.Answer, fault *node) error {
	text := "fault"
	if t := fault.child("faultstring"); t != nil {
		text = t.text
	}
	if d := fault.find("message"); d != nil && !strings.Contains(text, d.text) {
		text += ": " + d.text
	}
	err := a.FailureOf(text, c.secrets()...)
	if code := fault.child("faultcode"); code != nil && strings.HasSuffix(code.text, "Client") {
		return &connector.Permanent{Err: err}
	}
	return err
}

// returned finds errors in RETURN, the structure or table in which BAPIs tell
// what became of a call.
func (c *Connection) returned(a *httpclient.Answer, answer *node) error {
	ret := answer.child("RETURN")
	if ret == nil {
		return nil
	}
	lines := []*node{ret}
	if ret.isTable() {
		lines = ret.below
	}
	var texts []string
	for _, line := range lines {
		if kind := line.child("TYPE"); kind == nil || kind.text != "E" && kind.text != "A" {
			continue
		}
		if m := line.child("MESSAGE"); m != nil {
			texts = append(texts, m.text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return &connector.Permanent{Err: a.FailureOf("RETURN: "+strings.Join(texts, "; "), c.secrets()...)}
}
