import './admin.css'

export { UsersPage } from './users-page.tsx'
export { ApiKeysPage } from './api-keys-page.tsx'
export { RoomsPage } from './rooms-page.tsx'
export { AuditPage } from './audit-page.tsx'
