package mqtt

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
)

// Publication are the properties of what a sink for a cloud publishes, to be
// embedded.
type Publication struct {
	Topic   connector.Template `prop:"topic" doc:"With message topic: the topic to which the payload is published as it is."`
	QoS     uint8              `prop:"qos" doc:"Quality of service: 0 or 1."`
	Confirm bool               `prop:"confirm" doc:"Wait for the cloud's verdict on each message of a kind that it gives one on; without it a message is done with when the broker has taken it."`
}

var defaultPublication = Publication{QoS: 1, Confirm: true}

// bareTopic is the message that goes to a topic as it is.
const bareTopic = "topic"

// check looks at the kind of message, which is one of kinds or bareTopic.
func (p *Publication) check(message string, kinds ...string) error {
	kinds = append(kinds, bareTopic)
	switch {
	case !slices.Contains(kinds, message):
		return fmt.Errorf(`property "message": there are %s, not %q`, strings.Join(kinds, ", "), message)
	case message != bareTopic && p.Topic != "":
		return errors.New(`property "topic" is for message topic alone; the others have topics of their own`)
	case p.QoS > 1:
		return fmt.Errorf(`property "qos": the cloud takes 0 and 1, not %d`, p.QoS)
	case message == bareTopic && !strings.Contains(string(p.Topic), "{{"):
		return checkTopic(string(p.Topic))
	}
	return nil
}

// bare publishes to a topic of the message's own.
func (p *Publication) bare() dialect {
	return dialect{qos: p.QoS, shape: func(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
		return m.Value("topic", string(p.Topic)), m.Payload, "", nil
	}}
}

// answered is a dialect with answers that come to topics, if they are wanted.
func (p *Publication) answered(shape shaper, read reader, filters ...string) dialect {
	if !p.Confirm {
		return dialect{qos: p.QoS, shape: shape}
	}
	return dialect{qos: p.QoS, shape: shape, read: read, filters: filters}
}

// stateful is answered for messages that change a state: one that is refused
// for now must not be sent again behind a later one.
func (p *Publication) stateful(shape shaper, read reader, filters ...string) dialect {
	d := p.answered(shape, read, filters...)
	if p.Confirm {
		d.step = 1
	}
	return d
}

// shownAnswer is how much of an answer is in an error.
const shownAnswer = 300

// verdict is what a cloud says of a message with the code of an error as HTTP
// has them. What the device may not do is a mistake of the configuration:
// messages wait until it is mended.
func verdict(code int, text string) error {
	err := fmt.Errorf("the cloud refuses the message: %d %s", code, connector.CutText(text, shownAnswer))
	switch {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return fmt.Errorf("%w; check what the device is allowed to do", err)
	case code/100 == 5, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return err
	}
	return &connector.Permanent{Err: err}
}
