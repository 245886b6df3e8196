package roster

import "strings"

// A column is what a file's column says of a person.
type column int

const (
	ignored column = iota
	fullName
	firstName
	lastName
	email
	sis
	login
	canvas
	section
	role
	idColumn // "ID": Canvas's own id in its files, the school's id in others
	columns
)

// headers are the words that columns are called by, without blanks, hyphens and case: those of
// Canvas and Moodle (in English, German, French, Spanish), and what people write in Excel.
var headers = map[string]column{
	"name": fullName, "student": fullName, "studentname": fullName, "fullname": fullName, "participant": fullName, "displayname": fullName,
	"vollständigername": fullName, "teilnehmer": fullName, "nomcomplet": fullName, "nombrecompleto": fullName,
	"firstname": firstName, "givenname": firstName, "first": firstName, "forename": firstName, "vorname": firstName, "prénom": firstName, "nombre": firstName,
	"lastname": lastName, "surname": lastName, "familyname": lastName, "last": lastName, "nachname": lastName, "familienname": lastName, "nom": lastName,
	"nomdefamille": lastName, "apellido": lastName, "apellidos": lastName, "apellido(s)": lastName,
	"email": email, "emailaddress": email, "mail": email, "emailadresse": email, "adressedecourriel": email, "courriel": email,
	"direccióndecorreo": email, "correo": email, "correoelectrónico": email,
	"sisuserid": sis, "sisid": sis, "studentid": sis, "idnumber": sis, "studentnumber": sis, "idnummer": sis, "matrikelnummer": sis, "matriculation": sis,
	"matriculationnumber": sis, "numérodidentification": sis, "númerodeid": sis, "externalid": sis,
	"sisloginid": login, "loginid": login, "login": login, "username": login, "user": login, "anmeldename": login, "benutzername": login,
	"nomdutilisateur": login, "nombredeusuario": login,
	"section": section, "sections": section, "sectionname": section, "group": section, "groups": section, "gruppe": section, "gruppen": section,
	"groupe": section, "groupes": section, "grupo": section, "grupos": section, "tutorial": section,
	"role": role, "roles": role, "rolle": role, "rollen": role, "rôle": role, "rol": role,
	"id": idColumn, "canvasid": canvas, "canvasuserid": canvas,
}

// roles are the words for what somebody is in a class.
var roles = map[string]string{
	"student": "student", "learner": "student", "studentenrollment": "student", "teilnehmer": "student", "participant": "student",
	"assistant": "assistant", "ta": "assistant", "taenrollment": "assistant", "teachingassistant": "assistant", "tutor": "assistant",
	"noneditingteacher": "assistant",
	"teacher":           "teacher", "instructor": "teacher", "teacherenrollment": "teacher", "lecturer": "teacher", "editingteacher": "teacher",
}

// word is a header or a role as headers and roles have it.
func word(cell string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '_', '.', '\'', '’', '*', ':', '\u00a0', '\t', '\n', '\r':
			return -1
		}
		return r
	}, strings.ToLower(cell))
}

// layout finds what the columns of a header's line say. A column that comes twice is the first.
func layout(header []string) (at [columns]int, known int) {
	for i := range at {
		at[i] = -1
	}
	for i, cell := range header {
		if c := headers[word(cell)]; c != ignored && at[c] < 0 {
			at[c] = i
			known++
		}
	}
	// Canvas writes its own id as "ID", beside the school's.
	switch id := at[idColumn]; {
	case id < 0:
	case at[sis] >= 0 || at[login] >= 0 && at[section] >= 0:
		at[canvas] = id
	default:
		at[sis] = id
	}
	return at, known
}
