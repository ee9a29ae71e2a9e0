package delivery

// Schema names the message of the schema registry that an action writes; "":
// none, or the action is not right.
func (p *Pool) Schema(sinkType string, props map[string]any) string {
	c, err := p.decode(sinkType, props)
	if err != nil || c.Common.Format != "protobuf" {
		return ""
	}
	return c.Common.SchemaID
}
