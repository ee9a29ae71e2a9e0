package edgex

// Section is a struct that a section of the configuration is read into.
type Section interface {
	// UpdateFromRaw takes the values of another struct of its type.
	UpdateFromRaw(raw any) bool
}

func (b *bridge) section(name string, into Section) error {
	return b.sdk.LoadCustomConfig(into, name)
}

func (b *bridge) watchSection(name string, like any, changed func(any)) {
	if err := b.sdk.ListenForCustomConfigChanges(like, name, changed); err != nil {
		b.log.Warn("changes of a section of the configuration are not followed", "section", name, "error", err)
	}
}
