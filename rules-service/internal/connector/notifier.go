package connector

// Notifier is a Source that tells when there is something to read. Sources of
// one connection that do are read by one goroutine, however many they are: see
// SourceSpec.Group. Its Read with a context that has ended returns what is
// there, and the error of the context only when there is nothing. A Connect
// that fails for the connection, and not for this source alone, returns
// ErrNotConnected.
type Notifier interface {
	// Notify sets the function that is called, from any goroutine, whenever Read
	// would return at once: with messages, an error or the end. It neither
	// blocks nor calls the source. It is set once, before the first Connect.
	Notify(ready func())
}
