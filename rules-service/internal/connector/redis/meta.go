package redis

import "sluice/sqlengine/value"

// channelMeta is what the server says of a message: its channel.
type channelMeta struct{ channel string }

func (m channelMeta) Get(key string) value.Value {
	if key == "channel" {
		return value.OfString(m.channel)
	}
	return value.Missing
}

func (m channelMeta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"channel"}, []value.Value{value.OfString(m.channel)}))
}
