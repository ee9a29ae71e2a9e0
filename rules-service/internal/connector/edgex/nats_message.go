package edgex

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/nats-io/nats.go"
)

// The headers of EdgeX's messages in the format "nats".
const (
	headerAPIVersion    = "ApiVersion"
	headerContentType   = "Content-Type"
	headerCorrelationID = "X-Correlation-ID"
	headerErrorCode     = "ErrorCode"
	headerQueryParams   = "QueryParams"
	headerRequestID     = "RequestId"
)

func (n *natsClient) json() bool { return strings.EqualFold(n.text("Format"), "json") }

func (n *natsClient) message(e types.MessageEnvelope, topic string) (*nats.Msg, error) {
	m := nats.NewMsg(toSubject.Replace(topic))
	if n.isSet("ExactlyOnce") {
		m.Header.Set(nats.MsgIdHdr, n.text("ClientId")+"-"+e.CorrelationID)
	}
	if n.json() {
		var err error
		m.Data, err = json.Marshal(e)
		return m, err
	}
	m.Data = e.Payload
	m.Header.Set(headerAPIVersion, e.ApiVersion)
	m.Header.Set(headerContentType, e.ContentType)
	m.Header.Set(headerCorrelationID, e.CorrelationID)
	m.Header.Set(headerRequestID, e.RequestID)
	m.Header.Set(headerErrorCode, strconv.Itoa(e.ErrorCode))
	for k, v := range e.QueryParams {
		m.Header.Add(headerQueryParams, k+":"+v)
	}
	return m, nil
}

func (n *natsClient) envelope(m *nats.Msg) (e types.MessageEnvelope, err error) {
	defer func() { e.ReceivedTopic = strings.ReplaceAll(m.Subject, ".", "/") }()
	if n.json() {
		if err := json.Unmarshal(m.Data, &e); err != nil {
			return e, fmt.Errorf("%w: %w", errUnreadable, err)
		}
		return e, nil
	}
	e.Payload = m.Data
	e.ApiVersion, e.ContentType = m.Header.Get(headerAPIVersion), m.Header.Get(headerContentType)
	e.CorrelationID, e.RequestID = m.Header.Get(headerCorrelationID), m.Header.Get(headerRequestID)
	if code := m.Header.Get(headerErrorCode); code != "" {
		if e.ErrorCode, err = strconv.Atoi(code); err != nil {
			return e, fmt.Errorf("%w: its error code: %w", errUnreadable, err)
		}
	}
	for _, q := range m.Header.Values(headerQueryParams) {
		if e.QueryParams == nil {
			e.QueryParams = map[string]string{}
		}
		k, v, _ := strings.Cut(q, ":")
		e.QueryParams[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return e, nil
}
