/* SPDX-License-Identifier: Apache-2.0 */
typedef int modules_come_here;
