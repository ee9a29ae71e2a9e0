package sap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// The protocols.
const (
	odata2 = "odata2"
	odata4 = "odata4"
	idoc   = "idoc"
	soap   = "soap"
)

// SinkConfig is the configuration of the sink.
type SinkConfig struct {
	Protocol string             `prop:"protocol" doc:"odata2, odata4, idoc (IDocs as XML) or soap (function modules)."`
	Set      connector.Template `prop:"entitySet" doc:"OData: the set of entities, such as A_SalesOrder."`
	Key      connector.Template `prop:"entityKey" doc:"OData: the key of the entity that is changed, such as SalesOrder='{{.order}}'; without it entities are created."`
	Method   string             `prop:"method" doc:"OData: POST to create, PATCH, MERGE or PUT to change, DELETE to delete."`
	IfMatch  string             `prop:"ifMatch" doc:"OData: the header If-Match of a change; * changes the entity whatever version it has."`
	Types    map[string]string  `prop:"types" doc:"OData: types of properties whose values are to be written as they want it, such as {\"NetAmount\": \"Edm.Decimal\", \"to_Item.RequestedDate\": \"Edm.DateTime\"}. Times are milliseconds or texts."`
	Batch    bool               `prop:"batch" doc:"OData: messages that wait go together, as one $batch, each in a change set of its own."`
	Function string             `prop:"function" doc:"soap: the function module, such as BAPI_ALM_NOTIF_CREATE; the payload are its parameters, as a JSON object or as XML."`
	Commit   bool               `prop:"commit" doc:"soap: call BAPI_TRANSACTION_COMMIT after it, in the same session."`
	Connection
}

var methods = []string{"POST", "PATCH", "MERGE", "PUT", "DELETE"}

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	c.Method = strings.ToUpper(c.Method)
	odata := c.odata()
	switch {
	case !slices.Contains([]string{odata2, odata4, idoc, soap}, c.Protocol):
		return fmt.Errorf(`property "protocol": there are odata2, odata4, idoc and soap, not %q`, c.Protocol)
	case !odata && (c.Set != "" || c.Key != "" || c.Batch || len(c.Types) > 0):
		return errors.New(`properties "entitySet", "entityKey", "types" and "batch" are for odata2 and odata4 alone`)
	case odata && c.Set == "":
		return errors.New(`property "entitySet" is missing: the set of entities that results are written to`)
	case !slices.Contains(methods, c.Method):
		return fmt.Errorf(`property "method": there are %s, not %q`, strings.Join(methods, ", "), c.Method)
	case c.Method == "MERGE" && c.Protocol == odata4:
		return errors.New(`property "method": OData 4 has no MERGE; PATCH does it`)
	case odata && c.Method != "POST" && c.Key == "":
		return fmt.Errorf(`property "entityKey" is missing: %s wants to know which entity`, c.Method)
	case odata && c.Method == "POST" && c.Key != "":
		return errors.New(`property "method": POST creates an entity; give PATCH, MERGE, PUT or DELETE with entityKey`)
	case c.Protocol == soap && !functionName.MatchString(c.Function):
		return errors.New(`property "function" is no name of a function module such as BAPI_ALM_NOTIF_CREATE`)
	case c.Protocol != soap && (c.Function != "" || c.Commit):
		return errors.New(`properties "function" and "commit" are for soap alone`)
	}
	return errors.Join(checkTypes(c.Types), c.check())
}

func (c *SinkConfig) odata() bool { return c.Protocol == odata2 || c.Protocol == odata4 }

// batchSize is how many messages go into one $batch at most.
const batchSize = 100

// Register adds the sink and the source to r.
func Register(r *connector.Registry) {
	pool := httpclient.NewPool()
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name: "sap",
		Summary: "Writes results to an SAP system over HTTP: entities of OData 2 and 4, IDocs, and function modules by SOAP. " +
			"Tested against a server that checks tokens against forged requests, envelopes and batches; not tested on a live SAP system.",
		Defaults: SinkConfig{Protocol: odata2, Method: "POST", IfMatch: "*", Connection: Connection{Web: connector.DefaultWeb()}},
		Example: `{"url": "https://sap.example.com/sap/opu/odata/sap/API_MAINTNOTIFICATION", "client": "100", "user": "EDGE", "password": "secret",
 "entitySet": "MaintenanceNotification", "types": {"MalfunctionStartDate": "Edm.DateTime"}, "sendSingle": true,
 "dataTemplate": "{\"NotificationText\": {{json .device}}, \"MalfunctionStartDate\": {{.time}}}"}`,
		Batch:          batchSize,
		Connectionless: true,
		Target:         func(c SinkConfig) string { return httpclient.Redact(c.URL) },
		New: func(c SinkConfig, _ connector.Env) (connector.Sink, error) {
			s := &sink{config: c}
			var err error
			s.session, err = newSession(&s.config.Connection, pool)
			return s, err
		},
	})
	registerSource(r, pool)
}

// sink writes to one system.
type sink struct {
	config  SinkConfig
	session *session
}

// Connect reaches nobody: a token is fetched when there is something to write.
func (s *sink) Connect(context.Context) error { return nil }

// Close has nothing to end: SAP ends sessions by itself.
func (s *sink) Close(context.Context) error { return nil }

// Ping fetches a token of an OData service; IDocs and function modules have no
// call that does nothing.
func (s *sink) Ping(ctx context.Context) error {
	if s.config.odata() {
		return s.session.fetch(ctx)
	}
	return httpclient.Reach(ctx, s.config.URL, s.config.Deny)
}

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	if s.config.Batch && len(msgs) > 1 {
		return s.writeBatch(ctx, msgs)
	}
	return eachOf(msgs, func(m *connector.Outbound) error { return s.send(ctx, m) })
}

// eachOf sends messages one by one, to the first that is worth another attempt.
func eachOf(msgs []connector.Outbound, send func(*connector.Outbound) error) error {
	v := make(connector.Verdicts, len(msgs))
	for i := range msgs {
		v[i] = send(&msgs[i])
		if err := v[i : i+1].Again(); err != nil {
			v[i:].Fill(err)
			break
		}
	}
	return v.Err()
}

func (s *sink) send(ctx context.Context, m *connector.Outbound) error {
	switch s.config.Protocol {
	case idoc:
		return s.sendIDoc(ctx, m.Payload)
	case soap:
		return s.call(ctx, m.Payload)
	}
	return s.sendEntity(ctx, m)
}
