package receivers

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// connectWithin is how long the cloud's broker may take to answer.
const connectWithin = 10 * time.Second

// Cloud listens on a topic of the cloud's broker.
type Cloud struct{ client mqtt.Client }

// OpenCloud subscribes to a topic of the broker at addr, host:port.
func OpenCloud(addr, topic string, inbox *Inbox) (*Cloud, error) {
	handle := func(_ mqtt.Client, m mqtt.Message) { inbox.put(cloudMessage(m.Payload())) }
	ready := make(chan error, 1)
	o := mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("cloud-receiver").
		SetConnectTimeout(connectWithin).SetCleanSession(true).
		SetOnConnectHandler(func(c mqtt.Client) {
			err := settled(c.Subscribe(topic, 1, handle))
			select {
			case ready <- err: // the first time
			default: // after the connection was lost
			}
		})
	c := &Cloud{client: mqtt.NewClient(o)}
	err := settled(c.client.Connect())
	if err == nil {
		err = <-ready
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("listen on %s of the cloud's broker: %w", topic, err)
	}
	return c, nil
}

// Close ends the connection.
func (c *Cloud) Close() { c.client.Disconnect(250) }

func settled(t mqtt.Token) error {
	if !t.WaitTimeout(connectWithin) {
		return errors.New("no answer")
	}
	return t.Error()
}

// cloudMessage reads what it can: a cloud takes any payload.
func cloudMessage(payload []byte) Message {
	m := Message{Time: time.Now(), Target: "cloud", Text: string(payload)}
	var fields struct {
		Device string `json:"device"`
		Text   string `json:"text"`
	}
	if json.Unmarshal(payload, &fields) == nil {
		m.Device = fields.Device
		if fields.Text != "" {
			m.Text = fields.Text
		}
	}
	return m
}
