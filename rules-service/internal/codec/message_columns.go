package codec

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// CheckColumns tells which of the columns that are read a message has not. Other
// formats may have any column.
func CheckColumns(format string, f *Form, columns []string) error {
	if format != "protobuf" || f == nil {
		return nil
	}
	c, err := newCurrent(*f)
	if err != nil {
		return err
	}
	list := c.message.Fields()
	for _, name := range columns {
		if list.ByName(protoreflect.Name(name)) == nil {
			return fmt.Errorf("message %s has no field %q%s", f.SchemaID, name, hintOf[protoreflect.FieldDescriptor](name, list))
		}
	}
	return nil
}
