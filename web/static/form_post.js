// SPDX-License-Identifier: Apache-2.0
// Sends the page's form on. Without it the button does.
document.getElementById('form-post').submit();
