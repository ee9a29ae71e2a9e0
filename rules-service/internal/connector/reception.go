package connector

// Reception tells what a source was given, so that the status can say why a
// rule receives nothing.
type Reception struct {
	Topic       string            // that it reads; "": the source says nothing
	LastTopic   string            // of the last message that it handed on
	Ignored     map[string]uint64 // messages that it left out, by reason
	LastIgnored string            // what was wrong with the last of them
}

// Receiver is a Source that tells of its reception, to any goroutine.
type Receiver interface {
	Reception() Reception
}
