// Sends the one form of the page on. Without scripts its button does.
document.forms[0].submit();
