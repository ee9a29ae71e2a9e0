package connector

// Adjuster is the configuration of a sink that has a say in the properties that
// every sink has, or in its own before their templates are read.
type Adjuster interface {
	// Adjust is called once, when all properties are decoded.
	Adjust(common *SinkCommon) error
}
