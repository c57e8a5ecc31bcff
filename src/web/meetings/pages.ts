/** The pages of meetings, which come together when the first of them is needed. */
export { HistoryPage } from './history-page.tsx'
export { EditMeetingPage, NewMeetingPage } from './meeting-form-page.tsx'
export { MeetingPage } from './meeting-page.tsx'
