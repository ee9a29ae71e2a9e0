package guide

import "strings"

// Block is what stands between two fences: ```kind file.
type Block struct{ Kind, File, Text string }

// Blocks are those of a page.
func Blocks(page string) (blocks []Block) {
	for i, part := range strings.Split("\n"+page, "\n```") {
		if i%2 == 0 {
			continue // between two blocks
		}
		head, text, _ := strings.Cut(part, "\n")
		kind, file, _ := strings.Cut(head, " ")
		blocks = append(blocks, Block{kind, file, text + "\n"})
	}
	return blocks
}

// Step is a command and what it prints.
type Step struct{ Command, Prints string }

// Steps are those of a console: a command begins with a $.
func (b Block) Steps() (steps []Step) {
	for _, part := range strings.Split("\n"+b.Text, "\n$ ")[1:] {
		command, prints, _ := strings.Cut(part, "\n")
		steps = append(steps, Step{command, prints})
	}
	return steps
}
