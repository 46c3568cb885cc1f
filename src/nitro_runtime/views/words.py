"""Every word that the views themselves say, in one place, so that a catalogue can translate them.

The values are plain text; ``{name}`` stands for something that is filled in with `say`. What an
application says (labels, titles, help) stands in the application.
"""

from __future__ import annotations

WORDS: dict[str, str] = {
    # buttons and links
    "save": "Save",
    "create": "Create",
    "cancel": "Cancel",
    "new": "New {entity}",
    "edit": "Edit",
    "edit_one": "Edit {label}",
    "delete": "Delete",
    "delete_one": "Delete {label}",
    "confirm_delete": "Delete {label}? This cannot be undone.",
    "dismiss": "Dismiss",
    "front_page": "Front page",
    # tables
    "search": "Search",
    "clear_search": "Clear search",
    "actions": "Actions",
    "pages": "Pages",
    "previous": "Previous",
    "next": "Next",
    "page_of": "Page {page} of {pages}",
    "count_none": "No {plural}",
    "count_one": "1 {entity}",
    "count_many": "{count} {plural}",
    "count_range": "{first}–{last} of {count} {plural}",
    "found_none": "No matching {plural}",
    "found_one": "1 matching {entity}",
    "found_many": "{count} matching {plural}",
    "found_range": "{first}–{last} of {count} matching {plural}",
    "empty": "Nothing here yet.",
    "nothing_found": "Nothing matches “{search}”.",
    "nothing_filtered": "Nothing matches these filters.",
    "nothing_found_filtered": "Nothing matches “{search}” with these filters.",
    "show_all": "Show all {plural}",
    "filter": "Filter",
    "filters": "Filters",
    "clear_filters": "Clear filters",
    "all": "All",
    "from": "from",
    "to": "to",
    "filter_from": "{label} from",
    "filter_to": "{label} to",
    "columns": "Columns",
    "show": "Show",
    "rows_on_a_page": "Rows on a page",
    "yes": "Yes",
    "no": "No",
    "and_more": "{count} more",
    "bytes": "{count} bytes",
    # forms
    "choose": "Choose…",
    "no_choice": "None",
    "optional": "optional",
    "more_choices": "Only the first {count} are listed.",
    "nothing_to_choose": "There is nothing to choose yet.",
    "one_a_line": "One value on each line.",
    "row": "{entity} {number}",
    "add_row": "Add {entity}",
    "remove_row": "Remove",
    "remove_one_row": "Remove {row}",
    "row_added": "{row} added.",
    "row_removed": "{row} removed.",
    "row_gone": "This does not exist any more. Remove it, or reload the page.",
    "rows_at_least": "At least {count} {plural}.",
    "rows_at_most": "At most {count} {plural}.",
    "current_file": "The present file",
    "current_image": "The present picture",
    "remove_file": "Remove it",
    "file": "File",
    "summary_one": "There is a problem with this form.",
    "summary_many": "There are {count} problems with this form.",
    # what is wrong with a value
    "required": "This field is required.",
    "too_short": "At least {count} characters.",
    "too_long": "At most {count} characters.",
    "number": "Enter a number.",
    "whole_number": "Enter a whole number.",
    "at_least": "At least {limit}.",
    "at_most": "At most {limit}.",
    "more_than": "More than {limit}.",
    "less_than": "Less than {limit}.",
    "multiple_of": "A multiple of {limit}.",
    "decimal_places": "At most {count} digits after the point.",
    "max_digits": "At most {count} digits.",
    "whole_digits": "At most {count} digits before the point.",
    "date": "Enter a date.",
    "time": "Enter a time.",
    "date_time": "Enter a date and a time.",
    "one_of": "Choose one of the list.",
    "format": "This does not have the right format.",
    "email": "Enter an email address.",
    "url": "Enter a full address, such as https://example.org.",
    "json": "Enter valid JSON.",
    "too_few": "At least {count} values.",
    "too_many": "At most {count} values.",
    "value": "Value {number}: {text}",
    "file_too_great": "The file may have at most {limit} MB.",
    "file_empty": "This file is empty.",
    "file_kind": "Choose a file of another kind: {kinds}.",
    "image_kind": "Choose a picture: PNG, JPEG, GIF or WebP.",
    "unknown_field": "This field is not known.",
    "invalid": "This value is not valid.",
    "duplicate": "Another {entity} has this already.",
    "broken_reference": "What you chose does not exist any more. Choose again.",
    "stale": "Somebody else changed this while you were editing it. Reload the page and try again.",
}


def say(word: str, **values: object) -> str:
    """Returns one of the `WORDS` with its places filled in, as plain text.

    Raises:
        KeyError: There is no such word.
    """
    text = WORDS[word]
    return text.format(**values) if values else text
